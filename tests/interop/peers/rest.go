package main

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

var created = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

const signedOut = "You are signed out or your session has expired. Please sign in again to continue."

func (d *deployment) handler() http.Handler {
	mux := http.NewServeMux()
	api := func(pattern string, h http.HandlerFunc) {
		mux.HandleFunc("GET /api/v2"+pattern, func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Coder-Session-Token") != d.token {
				apiError(w, http.StatusUnauthorized, signedOut)
				return
			}
			h(w, r)
		})
	}
	agentOr404 := func(h func(http.ResponseWriter, *http.Request, workspace)) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			for _, x := range d.workspaces {
				if !x.stopped && x.agent.String() == r.PathValue("agent") {
					h(w, r, x)
					return
				}
			}
			notFound(w)
		}
	}
	mux.HandleFunc("GET /api/v2/buildinfo", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, 200, object{"version": "v2.35.0+interop", "dashboard_url": d.base.String(), "agent_api_version": "2.9",
			"external_url": "https://example.invalid", "upgrade_message": "", "deployment_id": d.owner})
	})
	api("/users/me", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, 200, object{"id": d.owner, "username": userName, "name": "Interop", "status": "active", "organization_ids": []any{d.owner}})
	})
	api("/workspaces", d.listWorkspaces)
	api("/users/{user}/workspace/{name}", func(w http.ResponseWriter, r *http.Request) {
		user := r.PathValue("user")
		for _, x := range d.workspaces {
			if x.name == r.PathValue("name") && (user == "me" || user == userName) {
				reply(w, 200, d.workspaceJSON(x))
				return
			}
		}
		notFound(w)
	})
	api("/workspaceagents/connection", func(w http.ResponseWriter, _ *http.Request) { reply(w, 200, d.connectionInfo()) })
	api("/workspaceagents/{agent}", agentOr404(func(w http.ResponseWriter, _ *http.Request, x workspace) { reply(w, 200, d.agentJSON(x)) }))
	api("/workspaceagents/{agent}/connection", agentOr404(func(w http.ResponseWriter, _ *http.Request, _ workspace) {
		reply(w, 200, d.connectionInfo())
	}))
	api("/workspaceagents/{agent}/coordinate", agentOr404(func(w http.ResponseWriter, r *http.Request, x workspace) {
		d.serveTailnet(w, r, uuid.Nil, func(id uuid.UUID) bool { return id == x.agent })
	}))
	if !d.noTailnet {
		api("/tailnet", func(w http.ResponseWriter, r *http.Request) { d.serveTailnet(w, r, uuid.Nil, d.isAgent) })
	}
	mux.HandleFunc("/api/", func(w http.ResponseWriter, _ *http.Request) { apiError(w, 404, "Route not found.") })
	mux.HandleFunc("GET /interop/agents/{agent}/coordinate", agentOr404(func(w http.ResponseWriter, r *http.Request, x workspace) {
		d.serveTailnet(w, r, x.agent, func(uuid.UUID) bool { return false })
	}))
	mux.HandleFunc("GET /interop/stats", func(w http.ResponseWriter, _ *http.Request) { reply(w, 200, d.stats()) })
	mux.HandleFunc("POST /interop/coordinator/{state}", func(w http.ResponseWriter, r *http.Request) {
		d.setDown(r.PathValue("state") == "down")
	})
	mux.HandleFunc("/derp", d.serveRelay)
	mux.HandleFunc("/derp/latency-check", func(http.ResponseWriter, *http.Request) {})
	return mux
}

func (d *deployment) isAgent(id uuid.UUID) bool {
	for _, x := range d.workspaces {
		if !x.stopped && x.agent == id {
			return true
		}
	}
	return false
}

func notFound(w http.ResponseWriter) {
	apiError(w, 404, "Resource not found or you do not have access to this resource")
}

func (d *deployment) listWorkspaces(w http.ResponseWriter, r *http.Request) {
	all := []object{}
	for _, x := range d.workspaces {
		if matches(r.URL.Query().Get("q"), x.name) {
			all = append(all, d.workspaceJSON(x))
		}
	}
	offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
	limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
	page := all[min(max(offset, 0), len(all)):]
	if limit > 0 {
		page = page[:min(limit, len(page))]
	}
	reply(w, 200, object{"workspaces": page, "count": len(all)})
}

// matches knows the terms of coderd's search that clients use.
func matches(query, name string) bool {
	for _, term := range strings.Fields(query) {
		key, value, found := strings.Cut(term, ":")
		switch {
		case !found && !strings.Contains(name, term), key == "name" && !strings.Contains(name, value),
			key == "owner" && value != "me" && value != userName:
			return false
		}
	}
	return true
}

func (d *deployment) agentJSON(x workspace) object {
	out := object{"id": x.agent, "parent_id": nil, "name": "main", "status": "connecting", "lifecycle_state": "ready",
		"created_at": created, "updated_at": created, "operating_system": "linux", "architecture": "amd64",
		"version": "v2.35.0+interop", "api_version": "2.9", "connection_timeout_seconds": 120, "troubleshooting_url": "",
		"health": object{"healthy": true}, "apps": []any{}}
	if node := d.members.nodeOf(x.agent); node != nil {
		out["status"], out["first_connected_at"], out["last_connected_at"] = "connected", created, time.Now().UTC()
	}
	return out
}

func (d *deployment) workspaceJSON(x workspace) object {
	status, transition, resources := "running", "start", []object{{"id": x.id, "type": "docker_container",
		"name": "main", "agents": []object{}}}
	if x.stopped {
		status, transition, resources = "stopped", "stop", nil
	} else {
		resources[0]["agents"] = []object{d.agentJSON(x)}
	}
	return object{"id": x.id, "name": x.name, "owner_id": d.owner, "owner_name": userName, "created_at": created,
		"updated_at": created, "last_used_at": created, "template_name": "interop", "outdated": false,
		"health": object{"healthy": true, "failing_agents": []any{}},
		"latest_build": object{"id": x.id, "build_number": 1, "transition": transition, "status": status,
			"workspace_id": x.id, "resources": resources,
			"job": object{"id": x.id, "status": "succeeded", "created_at": created, "completed_at": created}}}
}

// stats shows what went where, to prove that it did.
func (d *deployment) stats() object {
	members := []object{}
	d.members.mu.Lock()
	for id, m := range d.members.members {
		entry := object{"id": id, "agent": m.agent, "tunnels": len(m.tunnels)}
		if m.node != nil {
			entry["preferred_derp"], entry["endpoints"], entry["addresses"] = m.node.PreferredDerp, len(m.node.Endpoints), m.node.Addresses
		}
		members = append(members, entry)
	}
	d.members.mu.Unlock()
	tests := object{}
	d.mu.Lock()
	for _, n := range d.agents {
		n.mu.Lock()
		tests[n.id.String()] = append([]testRun{}, n.runs...)
		n.mu.Unlock()
	}
	d.mu.Unlock()
	return object{"speedtests": tests, "relay": json.RawMessage(d.relay.ExpVar().String()), "relay_upgrades": d.upgrades.Load(),
		"relay_websockets": d.websockets.Load(), "members": members}
}
