"""A deployment on the internet, an agent and a client of it, each where the test puts it.

    198.51.100.1  the deployment: REST, coordinator, relay, the first STUN server; .9 has the second
    198.51.100.2  the client or its router     192.168.1.0/24  the client's network, it is .2 there
    198.51.100.3  the agent or its router      192.168.2.0/24  the agent's network, it is .2 there
"""

import contextlib
import datetime
import os
import time

import netns
import program
import watching

DEPLOYMENT, STUN = "198.51.100.1", "198.51.100.9"
CLIENT_OUTSIDE, CLIENT = "198.51.100.2", "192.168.1.2"
AGENT_OUTSIDE, AGENT = "198.51.100.3", "192.168.2.2"
SAME = "the client's own network"


def peers():
    path = os.environ.get("INTEROP_PEERS")
    assert path, "INTEROP_PEERS must name the genuine peers (ctest does)"
    return path


def lab_split():
    path = os.environ.get("LAB_SPLIT")
    assert path, "LAB_SPLIT must name the lab in two parts (ctest does)"
    return path


class Place(contextlib.ExitStack):
    """`client` and `agent` say how each gets to the internet: a NAT of netns.KINDS, or None: it is there
    itself. agent=SAME: both are in one network."""

    def __init__(self, client="easy", agent="easy"):
        super().__init__()
        net = self.enter_context(netns.Net())
        self.net = net
        self.internet = net.switch("internet")
        self.server = net.host("server", self.internet, f"{DEPLOYMENT}/24")
        self.server.link.add(f"{STUN}/24")
        self.client, self.client_router, home = self.host(net, "client", client, CLIENT_OUTSIDE, CLIENT)
        if agent == SAME:
            self.agent = net.host("agent", home, "192.168.1.3/24", gateway="192.168.1.1")
            self.agent_router = self.client_router
        else:
            self.agent, self.agent_router, _ = self.host(net, "agent", agent, AGENT_OUTSIDE, AGENT)

    def host(self, net, name, nat, outside, inside):
        if nat is None:
            return net.host(name, self.internet, f"{outside}/24"), None, self.internet
        network = inside.rpartition(".")[0]
        switch = net.switch(f"{name}s")
        router = net.router(f"{name}r", self.internet, f"{outside}/24", switch, f"{network}.1/24", nat=nat,
                            host=inside if nat == "open" else None)
        return net.host(name, switch, f"{inside}/24", gateway=f"{network}.1"), router, switch

    def start(self, *flags, agent_flags=()):
        """Starts the genuine deployment and its agent; returns when the agent has announced itself."""
        serve = [peers(), "serve", "--listen", f"{DEPLOYMENT}:8080", "--workspaces", "1", "--no-agents",
                 "--stun", f"{DEPLOYMENT}:3478,{STUN}:3478", *flags]
        self.deployment = self.enter_context(program.Server(self.server.command(*serve)))
        self.start_agent(*agent_flags)
        return self

    def start_agent(self, *flags):
        self.agent_process = self.enter_context(program.Server(
            self.agent.command(peers(), "agent", *flags, "dev1"), env=self.deployment.client_environment(),
            first_line=lambda line: "announced" in line))

    def start_alone(self, command, **how):
        """Starts a deployment whose agents are in its own namespace."""
        self.deployment = self.enter_context(program.Server(self.server.command(*command), **how))
        return self

    def start_lab(self):
        """The lab's deployment and agent instead; the agent may still be on its way."""
        self.deployment = self.enter_context(program.Server(
            self.server.command(lab_split(), "server", DEPLOYMENT, "8080")))
        ready = self.deployment.ready
        self.agent_process = self.enter_context(program.Process(
            self.agent.command(lab_split(), "agent", ready["url"], ready["agent_token"], ready["agent_id"])))
        return self

    def announced(self, ip):
        """Waits until the agent has announced an endpoint of that address."""
        said = self.agent_process.ready
        while not any(endpoint.startswith(f"{ip}:") for endpoint in said["announced"]):
            said = self.agent_process.next(lambda line: "announced" in line)
        return said["announced"]

    def cut_peers(self, cut=True):
        """A firewall on the client's router that drops UDP from and to the agent's side, without a word;
        the relay and STUN work on."""
        self.client_router.nft("add table inet peers; delete table inet peers")
        if cut:
            self.client_router.nft("table inet peers { chain c { type filter hook forward priority 0; "
                                   f"ip saddr {AGENT_OUTSIDE} meta l4proto udp drop; "
                                   f"ip daddr {AGENT_OUTSIDE} meta l4proto udp drop; }}; }}")

    def ping(self, *arguments):
        """Runs derptop ping to its end."""
        return program.run_command(self.client.command(program.binary(), "ping", "dev1", "--json", *arguments),
                                   env=self.deployment.client_environment())

    def doctor(self, *arguments):
        """Runs derptop doctor to its end; returns its findings by their code, its summary and its status."""
        done = program.run_command(self.client.command(program.binary(), "doctor", "dev1", "--json", *arguments),
                                   env=self.deployment.client_environment())
        assert done.stdout, done.stderr
        *found, summary = program.json_lines(done.stdout)
        return {one["code"]: one for one in found}, summary, done.returncode

    def watching(self, *arguments):
        """Starts a monitor without a screen, whose findings can be followed."""
        return watching.Watch(self.deployment.client_environment(), *arguments, before=self.client.command)

    def pinging(self, *arguments):
        """Starts a derptop ping that goes on until it is stopped."""
        return Pinging(self.client.command(program.binary(), "ping", "dev1", "--json", *arguments),
                       self.deployment.client_environment())

    def genuine_times(self):
        """How long a genuine client takes, from its start, to its first pong and to its first direct one."""
        began = time.monotonic()
        command = self.client.command(peers(), "ping", "--direct", "-n", "1000", "--wait", "20ms", "dev1")
        with program.Server(command, env=self.deployment.client_environment(),
                            first_line=lambda line: "pong" in line) as ping:
            first = time.monotonic() - began
            if not ping.ready["endpoint"]:
                ping.next(lambda line: line.get("endpoint"))
            return first, time.monotonic() - began


class Pinging(program.Server):
    def __init__(self, command, env):
        self.started = time.monotonic()
        super().__init__(command, env=env, first_line=lambda line: line["type"] == "pong")
        self.first_pong = time.monotonic() - self.started

    def until(self, path, endpoints=None):
        """Waits for a pong by that path (from one of those addresses, if given) whose ping was sent from now
        on; returns it, and the time that it took."""
        began, now = time.monotonic(), datetime.datetime.now(datetime.timezone.utc)
        pong = self.next(lambda line: line["type"] == "pong" and line["path"] == path and
                         datetime.datetime.fromisoformat(line["time"]) > now and
                         (endpoints is None or line["endpoint"].rpartition(":")[0] in endpoints))
        return pong, time.monotonic() - began

    def change(self, path, reason):
        """Waits for the change of the path to that one, for that reason; returns the time that it took."""
        began = time.monotonic()
        change = self.next(lambda line: line["type"] == "path_change")
        assert (change["to"]["path"], change["reason"]) == (path, reason), change
        return time.monotonic() - began

    def end(self):
        """Ends it as Ctrl-C would; returns the rest of what it said."""
        self.process.terminate()
        rest, errors = self.process.communicate(timeout=program.LIMIT_SECONDS)
        return program.json_lines((self.pending + rest).decode()), errors.decode()
