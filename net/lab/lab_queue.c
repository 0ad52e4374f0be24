#include "net/lab/lab_queue.h"

#include <stdlib.h>

void lab_queue_put(struct lab_queue *queue, struct lab_packet *packet)
{
    packet->next = NULL;
    if (queue->last == NULL) {
        queue->first = packet;
    } else {
        queue->last->next = packet;
    }
    queue->last = packet;
    queue->count++;
}

struct lab_packet *lab_queue_get(struct lab_queue *queue)
{
    struct lab_packet *packet = queue->first;
    if (packet != NULL) {
        queue->first = packet->next;
        queue->last = queue->first == NULL ? NULL : queue->last;
        queue->count--;
    }
    return packet;
}

void lab_queue_clear(struct lab_queue *queue)
{
    for (struct lab_packet *packet = lab_queue_get(queue); packet != NULL;
         packet = lab_queue_get(queue)) {
        free(packet);
    }
}
