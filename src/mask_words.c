/*
 * The words of our own messages: those that stand in the texts of net/, in lower case, but for long
 * ones that are nobody's name. A workspace may well be called "relay"; that is no reason to break
 * every sentence that speaks of one.
 */
#include <string.h>

#include "net/base/text.h"
#include "src/mask.h"

static const char usual[] =
    " "
    "accept accepted access add address addresses adds after again age agent agents agrees "
    "all allow allowed already also am an and anew another answer answered answering answers "
    "any apart application are arguments as ask asked asleep at attempts authorities "
    "authority average away back backups bad be before began begin behind belong below better "
    "between bits block blocked blocks body both box broken browser build built bundled but "
    "by byte bytes cable came can cancelled cannot captive carries certificate change changed "
    "changes characters check chose chunks client clients close closed code coder com come "
    "comes command complete completed computer computers connect connected connection "
    "connections content coordinator could cut dashboard data datagram default delay delays "
    "deployed deployment derp derptop destination detour dev did different direct directly "
    "disable disabled disco do does done down drop dropped drops each early echo either else "
    "elsewhere empty encryption end ended endpoint endpoints ends envelope error every "
    "everything exit expected explains extension failed false far fell fields figures file "
    "files find finding findings firewall firewalls first fit flood folder followed for force "
    "form forward found frame from front full gateway gateways gets give given gives go goes "
    "group guard had hairpin hairpinning handshake handshakes hangs hard has have head header "
    "headers health heard held here hold holds home host how http https id if ignored "
    "impossible in incoming independent info initiations input inside install instead "
    "interface internal internet into ip is it its itself join json jsonl keep kept key keys "
    "kind know known knows lab large larger largest last lasts late latency later learn leave "
    "left length less let lets level libcurl library libsodium lies limit line lines link "
    "linux list listed listen listens live locked log login long longer look looked loopback "
    "loses loss lost machine made make malformed map mapping maps may mbit mean measured meet "
    "memory message method middle min minute minutes mismatch missing monitor more most ms "
    "mtu multicast must name named names near needs neither netcheck network networks never "
    "new newer no node none nor not nothing now ns number numbers of off often old older on "
    "once one only open opened opens or org other others ours out outgoing output over "
    "overloaded overwritten own owner packet packets page parse part pass passes password "
    "path paths paused peer peers per ping pings place plain pong port portal ports possible "
    "printed private probe probes probing program protocol protocols proxies proxy public put "
    "quality raise random reach reached reaches read ready reason reasons received redirects "
    "reflection refused refuses region relay relayed relays releases renewed report request "
    "requests required reserved reset response rest restart restarted restarting resume "
    "resumed right rights room round route router row rpc run running runs same saw say says "
    "scheme security see seems selected send sender sends sent served server servers session "
    "set setting settings several should show shows side sides sign signed silent since "
    "skipped slept slow small smaller so socket some something spaces speak speaks speed "
    "split stalled stand stands start started starting state static status stays still stop "
    "stopped stranger strangers stun subnet subprotocol such support supported switch "
    "switched switching system tailnet take takes tell tells template test tested text than "
    "that the them there these they this those though thread through throughput time times "
    "tls to together token too traffic transfers tried tries true trusted try tunnel turn "
    "turns two type udp unchanged under understood unix unknown unset until unusable unwell "
    "up update updates upload url us usable use used user uses usually valid value varies "
    "version via video wait waiting wants was watch watched way weak web websocket websockets "
    "went were what when where which while who whole why wire with within without word worked "
    "works workspace workspaces would write writes written wrong xml you ";

bool mask_is_usual(const char *word)
{
    char apart[MASK_TEXT + 2];
    if (word[strspn(word, "0123456789")] == '\0' || word[1] == '\0') {
        return true;
    }
    text_format(apart, sizeof apart, " %s ", word);
    return strchr(word, ' ') == NULL && strstr(usual, apart) != NULL;
}
