# METADATA
# title: What asks Wardgate's own services for one thing is not judged as another
# description: |
#   Invariants, step-ups and rows name actions. Under a name of a hospital's own a line of
#   these services would be in none of them.
package invariants.never.borrowed_lines

violated if {
	some row in data.authz.tables.routes
	some method in _methods(row.method)
	segments := split(row.path, "/")
	some line in _delivered
	row.application == line.application
	object.get({"HEAD": "GET"}, method, method) == line.method # of which it asks for the header alone
	_covers(segments, line.segments)
	[row.action, row.resource] != [line.action, line.resource]
}

_delivered := [object.union(line, {"method": words[0], "segments": split(words[1], "/")}) |
	some request, line in _lines
	words := split(request, " ")
]

# A row may be of several methods.
_methods(method) := [method] if is_string(method)

_methods(methods) := methods if not is_string(methods)

# A row covers a line by another name of a parameter too, and by one in the place of a word.
_covers(segments, line) if {
	count(segments) == count(line)
	every at, segment in segments {
		_takes(segment, line[at])
	}
}

# A last one may take all the rest.
_covers(segments, line) if {
	last := count(segments) - 1
	endswith(segments[last], "...}")
	count(segments) <= count(line)
	every at, segment in array.slice(segments, 0, last) {
		_takes(segment, line[at])
	}
}

_takes(segment, word) if segment == word

_takes(segment, _) if startswith(segment, "{")

_lines := {
	"GET /api/patients": {"application": "records", "action": "patient.list", "resource": "patient"},
	"POST /api/patients": {"application": "records", "action": "patient.add", "resource": "patient"},
	"GET /api/patients/{patient}": {"application": "records", "action": "patient.read", "resource": "patient"},
	"DELETE /api/patients/{patient}": {"application": "records", "action": "patient.delete", "resource": "patient"},
	"GET /api/patients/{patient}/services": {"application": "records", "action": "service.list", "resource": "patient"},
	"POST /api/patients/{patient}/services": {"application": "records", "action": "service.add", "resource": "patient"},
	"PUT /api/services/{service}": {"application": "records", "action": "service.edit", "resource": "service"},
	"DELETE /api/services/{service}": {"application": "records", "action": "service.delete", "resource": "service"},
	"POST /api/services/{service}/done": {"application": "records", "action": "service.complete", "resource": "service"},
	"GET /api/patients/{patient}/bills": {"application": "records", "action": "bill.list", "resource": "patient"},
	"POST /api/admin/patients/{patient}/restore": {"application": "records", "action": "patient.restore", "resource": "patient"},
	"POST /api/predict/breast-cancer": {"application": "inference", "action": "model.predict", "resource": "model"},
	"POST /api/predict/blood-pressure": {"application": "inference", "action": "model.predict", "resource": "model"},
	"GET /v2/models/{model}": {"application": "inference", "action": "model.read", "resource": "model"},
	"POST /v2/models/{model}/infer": {"application": "inference", "action": "model.predict", "resource": "model"},
	"GET /api/me": {"application": "admin", "action": "account.read", "resource": "account"},
	"GET /api/sessions": {"application": "admin", "action": "session.list", "resource": "session"},
	"DELETE /api/sessions/{session}": {"application": "admin", "action": "session.end", "resource": "session"},
	"GET /api/me/devices": {"application": "admin", "action": "device.list", "resource": "device"},
	"POST /api/me/devices/forget-others": {"application": "admin", "action": "device.forget", "resource": "device"},
	"DELETE /api/me/devices/{device}": {"application": "admin", "action": "device.forget", "resource": "device"},
	"GET /api/me/notices": {"application": "admin", "action": "notice.list", "resource": "notice"},
	"GET /api/admin/users": {"application": "admin", "action": "user.list", "resource": "user"},
	"POST /api/admin/users/{user}/approve": {"application": "admin", "action": "user.approve", "resource": "user"},
	"POST /api/admin/users/{user}/ban": {"application": "admin", "action": "user.ban", "resource": "user"},
	"POST /api/admin/users/{user}/unban": {"application": "admin", "action": "user.unban", "resource": "user"},
	"POST /api/admin/users/{user}/revoke": {"application": "admin", "action": "user.revoke", "resource": "user"},
	"PATCH /api/admin/users/{user}": {"application": "admin", "action": "user.change", "resource": "user"},
	"POST /api/admin/users/{user}/disable": {"application": "admin", "action": "user.disable", "resource": "user"},
	"POST /api/admin/users/{user}/enable": {"application": "admin", "action": "user.enable", "resource": "user"},
	"POST /api/admin/users/{user}/link": {"application": "admin", "action": "user.link", "resource": "user"},
	"POST /api/admin/users/{user}/unlink": {"application": "admin", "action": "user.unlink", "resource": "user"},
	"POST /api/admin/users/{user}/pass": {"application": "admin", "action": "user.issue_pass", "resource": "user"},
	"POST /api/passes": {"application": "admin", "action": "pass.propose", "resource": "pass"},
	"POST /api/passes/{pass}/confirm": {"application": "admin", "action": "pass.confirm", "resource": "pass"},
	"DELETE /api/admin/users/{user}/totp": {"application": "admin", "action": "user.remove_factor", "resource": "user"},
	"GET /api/admin/bans": {"application": "admin", "action": "ban.list", "resource": "ban"},
	"POST /api/admin/bans/lift": {"application": "admin", "action": "ban.lift", "resource": "ban"},
	"PUT /api/admin/users/{user}/badge": {"application": "admin", "action": "user.set_badge", "resource": "user"},
	"DELETE /api/admin/users/{user}/badge": {"application": "admin", "action": "user.set_badge", "resource": "user"},
	"GET /api/admin/workstations": {"application": "admin", "action": "workstation.list", "resource": "workstation"},
	"POST /api/admin/workstations": {"application": "admin", "action": "workstation.register", "resource": "workstation"},
	"DELETE /api/admin/workstations/{workstation}": {"application": "admin", "action": "workstation.remove", "resource": "workstation"},
	"POST /api/me/totp": {"application": "admin", "action": "factor.add", "resource": "account"},
	"POST /api/me/totp/confirm": {"application": "admin", "action": "factor.confirm", "resource": "account"},
	"GET /api/me/totp": {"application": "admin", "action": "factor.read", "resource": "account"},
	"DELETE /api/me/totp": {"application": "admin", "action": "factor.remove", "resource": "account"},
	"POST /api/signals": {"application": "signals", "action": "signal.report", "resource": "signal"},
	"POST /auth/signup": {"application": "admin", "action": "account.sign_up", "resource": "account"},
	"POST /auth/signup/verify": {"application": "admin", "action": "account.verify", "resource": "account"},
	"POST /auth/forgot": {"application": "admin", "action": "account.forgot", "resource": "account"},
	"POST /auth/reset": {"application": "admin", "action": "account.reset", "resource": "account"},
	"POST /auth/login": {"application": "admin", "action": "log_in.attempt", "resource": "account"},
	"POST /auth/login/verify": {"application": "admin", "action": "log_in.attempt", "resource": "account"},
	"POST /auth/login/resend": {"application": "admin", "action": "log_in.attempt", "resource": "account"},
	"POST /auth/machine": {"application": "admin", "action": "log_in.attempt", "resource": "account"},
	"POST /auth/refresh": {"application": "admin", "action": "session.refresh", "resource": "session"},
	"POST /auth/logout": {"application": "admin", "action": "session.end", "resource": "session"},
	"POST /auth/logout-all": {"application": "admin", "action": "session.end", "resource": "session"},
	"POST /auth/step-up": {"application": "admin", "action": "session.elevate", "resource": "session"},
	"POST /auth/step-up/verify": {"application": "admin", "action": "session.elevate", "resource": "session"},
	"GET /api/audit/journal": {"application": "console", "action": "audit.read", "resource": "journal"},
	"GET /api/audit/verify": {"application": "console", "action": "audit.verify", "resource": "journal"},
	"GET /api/audit/policy": {"application": "console", "action": "policy.read", "resource": "file"},
	"GET /api/audit/policy/{file}": {"application": "console", "action": "policy.read", "resource": "file"},
	"GET /api/audit/reports": {"application": "console", "action": "report.read", "resource": "report"},
	"GET /.well-known/jwks.json": {"application": "keys", "action": "key.list", "resource": "key"},
	"DELETE /api/admin/users/{user}/passkeys": {"application": "admin", "action": "user.remove_factor", "resource": "user"},
	"POST /auth/passkeys/options": {"application": "admin", "action": "factor.add", "resource": "account"},
	"POST /auth/passkeys": {"application": "admin", "action": "factor.confirm", "resource": "account"},
	"GET /auth/passkeys": {"application": "admin", "action": "factor.read", "resource": "account"},
	"DELETE /auth/passkeys/{passkey}": {"application": "admin", "action": "factor.remove", "resource": "passkey"},
	"POST /auth/login/passkey": {"application": "admin", "action": "log_in.attempt", "resource": "account"},
	"GET /": {"application": "admin", "action": "page.show", "resource": "page"},
	"GET /.wardgate/look.css": {"application": "admin", "action": "page.show", "resource": "page"},
	"GET /.wardgate/icon.svg": {"application": "admin", "action": "page.show", "resource": "page"},
	"GET /.wardgate/session": {"application": "admin", "action": "session.redeem", "resource": "session"},
	"GET /login": {"application": "admin", "action": "page.show", "resource": "page"},
	"POST /login": {"application": "admin", "action": "log_in.attempt", "resource": "account"},
	"GET /login/verify": {"application": "admin", "action": "page.show", "resource": "page"},
	"POST /login/verify": {"application": "admin", "action": "log_in.attempt", "resource": "account"},
	"POST /login/resend": {"application": "admin", "action": "log_in.attempt", "resource": "account"},
	"GET /signup": {"application": "admin", "action": "page.show", "resource": "page"},
	"POST /signup": {"application": "admin", "action": "account.sign_up", "resource": "account"},
	"POST /signup/verify": {"application": "admin", "action": "account.verify", "resource": "account"},
	"GET /forgot": {"application": "admin", "action": "page.show", "resource": "page"},
	"POST /forgot": {"application": "admin", "action": "account.forgot", "resource": "account"},
	"GET /reset": {"application": "admin", "action": "page.show", "resource": "page"},
	"POST /reset": {"application": "admin", "action": "account.reset", "resource": "account"},
	"GET /step-up": {"application": "admin", "action": "page.show", "resource": "page"},
	"POST /step-up": {"application": "admin", "action": "session.elevate", "resource": "session"},
	"POST /step-up/verify": {"application": "admin", "action": "session.elevate", "resource": "session"},
	"GET /logout": {"application": "admin", "action": "page.show", "resource": "page"},
	"POST /logout": {"application": "admin", "action": "session.end", "resource": "session"},
	"GET /account/": {"application": "admin", "action": "account.read", "resource": "account"},
	"GET /account/sessions": {"application": "admin", "action": "session.list", "resource": "session"},
	"POST /account/sessions/end-all": {"application": "admin", "action": "session.end", "resource": "session"},
	"POST /account/sessions/{session}/end": {"application": "admin", "action": "session.end", "resource": "session"},
	"GET /account/app": {"application": "admin", "action": "factor.read", "resource": "account"},
	"POST /account/app": {"application": "admin", "action": "factor.add", "resource": "account"},
	"POST /account/app/confirm": {"application": "admin", "action": "factor.confirm", "resource": "account"},
	"POST /account/app/remove": {"application": "admin", "action": "factor.remove", "resource": "account"},
	"GET /demo/outbox": {"application": "demo", "action": "demo.outbox", "resource": "message"},
	"GET /.wardgate/passkey.js": {"application": "admin", "action": "page.show", "resource": "page"},
	"POST /login/passkey": {"application": "admin", "action": "log_in.attempt", "resource": "account"},
	"GET /tap": {"application": "admin", "action": "page.show", "resource": "page"},
	"POST /tap": {"application": "admin", "action": "log_in.attempt", "resource": "account"},
	"GET /account/badge": {"application": "admin", "action": "factor.read", "resource": "account"},
	"POST /account/badge": {"application": "admin", "action": "factor.add", "resource": "account"},
	"POST /account/badge/remove": {"application": "admin", "action": "factor.remove", "resource": "account"},
	"GET /workstation": {"application": "admin", "action": "page.show", "resource": "page"},
	"POST /workstation": {"application": "admin", "action": "log_in.attempt", "resource": "account"},
	"GET /workstations": {"application": "admin", "action": "workstation.list", "resource": "workstation"},
	"POST /workstations": {"application": "admin", "action": "workstation.register", "resource": "workstation"},
	"POST /workstations/{workstation}/remove": {"application": "admin", "action": "workstation.remove", "resource": "workstation"},
	"GET /account/devices": {"application": "admin", "action": "device.list", "resource": "device"},
	"POST /account/devices/forget-others": {"application": "admin", "action": "device.forget", "resource": "device"},
	"POST /account/devices/{device}/forget": {"application": "admin", "action": "device.forget", "resource": "device"},
	"GET /account/notices": {"application": "admin", "action": "notice.list", "resource": "notice"},
	"GET /account/passkeys": {"application": "admin", "action": "factor.read", "resource": "account"},
	"POST /account/passkeys": {"application": "admin", "action": "factor.add", "resource": "account"},
	"POST /account/passkeys/confirm": {"application": "admin", "action": "factor.confirm", "resource": "account"},
	"POST /account/passkeys/{passkey}/remove": {"application": "admin", "action": "factor.remove", "resource": "passkey"},
}
