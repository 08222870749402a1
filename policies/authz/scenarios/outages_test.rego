# METADATA
# title: Outage drills
# description: |
#   One drill for each information point: it falls silent, or what it says is
#   old, and this is what each kind of request is told. A row that changes is a
#   change of what the hospital can do on a bad day.
package authz.scenarios.outages_test

import data.authz
import data.authz.golden_test as golden
import data.authz.tables

_elevated(request) := json.patch(request, [
	{"op": "replace", "path": "/context/credential/acr", "value": golden.tables.step_up_acr},
	{"op": "replace", "path": "/context/credential/elevation", "value": "fresh"},
])

_requests := {
	"a doctor reads": golden.doctor,
	"a doctor edits": _elevated(golden.acting(golden.doctor, "service.edit")),
	"a nurse completes": golden.acting(golden.nurse, "service.complete"),
	"a doctor predicts": json.patch(golden.acting(golden.doctor, "model.predict"), [{
		"op": "replace",
		"path": "/resource",
		"value": {"type": "model", "id": "breast-cancer"},
	}]),
	"security bans": _elevated(golden.acting(golden.security, "user.ban")),
	"a stranger logs in": golden.stranger,
	"a session begins": golden.acting(golden.doctor, "session.create"),
	"a session goes on": golden.acting(golden.doctor, "session.continue"),
}

_drills := {
	"identity": {
		"a doctor reads": {"identity_unknown"},
		"a doctor edits": {"identity_unknown"},
		"a nurse completes": {"identity_unknown"},
		"a doctor predicts": {"identity_unknown"},
		"security bans": {"identity_unknown"},
		"a stranger logs in": set(),
		"a session begins": set(),
		"a session goes on": {"identity_unknown"},
	},
	"revocation": {
		"a doctor reads": {"revocation_unknown"},
		"a doctor edits": {"revocation_unknown"},
		"a nurse completes": {"revocation_unknown"},
		"a doctor predicts": {"revocation_unknown"},
		"security bans": {"revocation_unknown"},
		"a stranger logs in": set(),
		"a session begins": {"revocation_unknown"},
		"a session goes on": {"revocation_unknown"},
	},
	"device": {
		"a doctor reads": {"device_unknown"},
		"a doctor edits": {"device_unknown"},
		"a nurse completes": {"device_unknown"},
		"a doctor predicts": {"device_unknown"},
		"security bans": {"device_unknown"},
		"a stranger logs in": set(),
		"a session begins": set(),
		"a session goes on": set(),
	},
	"location": {
		"a doctor reads": {"location_unknown"},
		"a doctor edits": {"location_unknown"},
		"a nurse completes": {"location_unknown", "step_up_required"},
		"a doctor predicts": {"location_unknown"},
		"security bans": {"location_unknown"},
		"a stranger logs in": set(),
		"a session begins": set(),
		"a session goes on": set(),
	},
	"care": {
		"a doctor reads": {"care_unknown"},
		"a doctor edits": {"care_unknown"},
		"a nurse completes": {"care_unknown"},
		"a doctor predicts": set(),
		"security bans": set(),
		"a stranger logs in": set(),
		"a session begins": set(),
		"a session goes on": set(),
	},
	"signals": {
		"a doctor reads": set(),
		"a doctor edits": {"signals_unknown"},
		"a nurse completes": set(),
		"a doctor predicts": set(),
		"security bans": {"signals_unknown"},
		"a stranger logs in": set(),
		"a session begins": set(),
		"a session goes on": set(),
	},
}

_states := {"stale", "unknown"}

# Where what is old is told otherwise than what is not there: clinicians read on,
# on-site, on what ID management said a while ago. An old place is a place.
_stale := {
	"identity": {"a doctor reads": set(), "a doctor predicts": set()},
	"location": {"a nurse completes": {"location_unknown"}},
}

_told("stale", source, name) := _stale[source][name]

_told("stale", source, name) := _drills[source][name] if not _stale[source][name]

_told("unknown", source, name) := _drills[source][name]

# _drilled is a request while an information point is silent, or what it says is old.
_drilled(request, source, "unknown") := json.patch(request, [
{"op": "replace", "path": sprintf("/context/%s/%s", [source, member]), "value": value} |
	some member, value in _silent[source]
])

_drilled(request, source, "stale") := json.patch(request, [
{"op": "replace", "path": sprintf("/context/%s/%s", [source, member]), "value": value} |
	request.context[source].state != "unknown"
	some member, value in object.union({"state": "stale"}, object.get(_old, source, {}))
])

# What stands where an information point says nothing: no word is left.
_silent := {
	"identity": {"state": "unknown"},
	"revocation": {"state": "unknown", "stale_for": ""},
	"device": {"state": "unknown", "match": "", "workstation": "", "tap": ""},
	"location": {"state": "unknown", "place": "", "country": ""},
	"care": {"state": "unknown", "treats": false, "same_department": false, "own": false},
	"signals": {"state": "unknown", "requests": "", "denials": "", "failed_log_ins": "", "patients": "", "predictions": ""},
}

_old := {"revocation": {"stale_for": "long"}}

# _as_drilled are the information points and states for which a request is told
# what its row says.
_as_drilled(name) := {[source, state] |
	some source, _ in _drills
	some state in _states
	request := _drilled(_requests[name], source, state)
	authz.answer.context.reasons == _told(state, source, name) with data.authz.tables as golden.tables with input as request
}

# One test for each request: all of them in one take longer than a test may on a
# slow machine.
test_silent_or_old_when_a_doctor_reads[source][state] if {
	told := _as_drilled("a doctor reads")
	some source, _ in _drills
	some state in _states
	[source, state] in told
}

test_silent_or_old_when_a_doctor_edits[source][state] if {
	told := _as_drilled("a doctor edits")
	some source, _ in _drills
	some state in _states
	[source, state] in told
}

test_silent_or_old_when_a_nurse_completes[source][state] if {
	told := _as_drilled("a nurse completes")
	some source, _ in _drills
	some state in _states
	[source, state] in told
}

test_silent_or_old_when_a_doctor_predicts[source][state] if {
	told := _as_drilled("a doctor predicts")
	some source, _ in _drills
	some state in _states
	[source, state] in told
}

test_silent_or_old_when_security_bans[source][state] if {
	told := _as_drilled("security bans")
	some source, _ in _drills
	some state in _states
	[source, state] in told
}

test_silent_or_old_when_a_stranger_logs_in[source][state] if {
	told := _as_drilled("a stranger logs in")
	some source, _ in _drills
	some state in _states
	[source, state] in told
}

test_silent_or_old_when_a_session_begins[source][state] if {
	told := _as_drilled("a session begins")
	some source, _ in _drills
	some state in _states
	[source, state] in told
}

test_silent_or_old_when_a_session_goes_on[source][state] if {
	told := _as_drilled("a session goes on")
	some source, _ in _drills
	some state in _states
	[source, state] in told
}

test_every_drill_covers_every_request if {
	every _, rows in _drills {
		object.keys(rows) == object.keys(_requests)
	}
}

test_every_information_point_has_a_drill_and_a_row if {
	object.keys(_drills) == object.keys(tables.freshness)
}

# Without its words a signal is neither low nor high.
test_signals_without_words_stop_no_reading if {
	request := json.patch(golden.doctor, [{
		"op": "replace",
		"path": "/context/signals",
		"value": {"state": "unknown", "requests": "", "denials": "", "failed_log_ins": "", "patients": "", "predictions": ""},
	}])
	authz.answer.decision with data.authz.tables as golden.tables with input as request
}
