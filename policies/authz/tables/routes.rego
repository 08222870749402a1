package authz.tables

# METADATA
# title: What each request line means
# description: |
#   A request that matches no row is denied. The resource's id is the path
#   parameter that bears the resource's type: {patient} for a patient.
#   body: "none" or "json"; another body is refused before any rule is asked.
routes := [
	# records
	_row("GET", "/api/patients", "records", "patient.list", "patient", "none"),
	_row("POST", "/api/patients", "records", "patient.add", "patient", "json"),
	_row("GET", "/api/patients/{patient}", "records", "patient.read", "patient", "none"),
	_row("DELETE", "/api/patients/{patient}", "records", "patient.delete", "patient", "none"),
	_row("GET", "/api/patients/{patient}/services", "records", "service.list", "patient", "none"),
	_row("POST", "/api/patients/{patient}/services", "records", "service.add", "patient", "json"),
	_row("PUT", "/api/services/{service}", "records", "service.edit", "service", "json"),
	_row("DELETE", "/api/services/{service}", "records", "service.delete", "service", "none"),
	_row("POST", "/api/services/{service}/done", "records", "service.complete", "service", "json"),
	_row("GET", "/api/patients/{patient}/bills", "records", "bill.list", "patient", "none"),
	_row("POST", "/api/admin/patients/{patient}/restore", "records", "patient.restore", "patient", "none"),
	# inference
	_row("POST", "/api/predict/breast-cancer", "inference", "model.predict", "model", "json"),
	_row("POST", "/api/predict/blood-pressure", "inference", "model.predict", "model", "json"),
	_row("GET", "/v2/models/{model}", "inference", "model.read", "model", "none"),
	_row("POST", "/v2/models/{model}/infer", "inference", "model.predict", "model", "json"),
	# the policy administrator
	_row("GET", "/api/me", "admin", "account.read", "account", "none"),
	_row("GET", "/api/sessions", "admin", "session.list", "session", "none"),
	_row("DELETE", "/api/sessions/{session}", "admin", "session.end", "session", "none"),
	_row("GET", "/api/admin/users", "admin", "user.list", "user", "none"),
	_row("POST", "/api/admin/users/{user}/approve", "admin", "user.approve", "user", "json"),
	_row("POST", "/api/admin/users/{user}/ban", "admin", "user.ban", "user", "json"),
	_row("POST", "/api/admin/users/{user}/unban", "admin", "user.unban", "user", "json"),
	_row("POST", "/api/admin/users/{user}/revoke", "admin", "user.revoke", "user", "json"),
	_row("GET", "/api/admin/bans", "admin", "ban.list", "ban", "none"),
	_row("POST", "/api/admin/bans/lift", "admin", "ban.lift", "ban", "json"),
	_row("POST", "/api/me/totp", "admin", "factor.add", "account", "json"),
	_row("POST", "/api/me/totp/confirm", "admin", "factor.confirm", "account", "json"),
	_row("DELETE", "/api/me/totp", "admin", "factor.remove", "account", "none"),
	_row("POST", "/api/signals", "signals", "signal.report", "signal", "json"),
	_row("POST", "/auth/signup", "admin", "account.sign_up", "account", "json"),
	_row("POST", "/auth/signup/verify", "admin", "account.verify", "account", "json"),
	_row("POST", "/auth/forgot", "admin", "account.forgot", "account", "json"),
	_row("POST", "/auth/reset", "admin", "account.reset", "account", "json"),
	_row("POST", "/auth/login", "admin", "log_in.attempt", "account", "json"),
	_row("POST", "/auth/login/verify", "admin", "log_in.attempt", "account", "json"),
	_row("POST", "/auth/login/resend", "admin", "log_in.attempt", "account", "json"),
	_row("POST", "/auth/machine", "admin", "log_in.attempt", "account", "json"),
	_row("POST", "/auth/refresh", "admin", "session.refresh", "session", "json"),
	_row("POST", "/auth/logout", "admin", "session.end", "session", "json"),
	_row("POST", "/auth/logout-all", "admin", "session.end", "session", "json"),
	_row("POST", "/auth/step-up", "admin", "session.elevate", "session", "json"),
	_row("POST", "/auth/step-up/verify", "admin", "session.elevate", "session", "json"),
	# the console, for those who read the evidence
	_row("GET", "/api/audit/journal", "console", "audit.read", "journal", "none"),
	_row("GET", "/api/audit/verify", "console", "audit.verify", "journal", "none"),
	_row("GET", "/api/audit/policy", "console", "policy.read", "file", "none"),
	_row("GET", "/api/audit/policy/{file}", "console", "policy.read", "file", "none"),
	_row("GET", "/api/audit/reports", "console", "report.read", "report", "none"),
	# the enforcement point
	_row("GET", "/.well-known/jwks.json", "keys", "key.list", "key", "none"),
	# the invented hospital of the demo, served nowhere else
	_row("GET", "/demo/outbox", "demo", "demo.outbox", "message", "none"),
]

_row(method, path, application, action, resource, body) := {
	"method": method,
	"path": path,
	"application": application,
	"action": action,
	"resource": resource,
	"body": body,
}
