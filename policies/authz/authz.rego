# METADATA
# title: One answer for every request
# description: |
#   Combines what the rule folders contribute. Some grant and no denial allows.
#   Silence denies. Every denial is collected, so that the reasons are complete.
#   The shape is the OpenID AuthZEN 1.0 answer.
# scope: subpackages
# custom:
#   sp800_207: "2.1, tenets 3, 4 and 6: access per request, decided by policy, before it is allowed"
# schemas:
#   - input:
#       type: object
#       additionalProperties: false
#       properties:
#         subject:
#           type: object
#           additionalProperties: false
#           properties:
#             type: {enum: ["", "user", "machine", "anonymous"]}
#             id: {type: string}
#             properties:
#               type: object
#               additionalProperties: false
#               properties:
#                 account: {enum: ["", "active", "pending", "disabled"]}
#                 role: {type: string}
#                 staff: {type: string}
#                 patient: {type: string}
#                 department: {type: string}
#         action:
#           type: object
#           additionalProperties: false
#           properties:
#             name: {type: string}
#             method: {enum: ["", "safe", "unsafe", "upgrade"]}
#         resource:
#           type: object
#           additionalProperties: false
#           properties:
#             type: {type: string}
#             id: {type: string}
#         context:
#           type: object
#           additionalProperties: false
#           properties:
#             credential:
#               type: object
#               additionalProperties: false
#               properties:
#                 state: {enum: ["", "none", "valid", "expired", "invalid", "delegated"]}
#                 presented: {enum: ["", "header", "cookie"]}
#                 site: {enum: ["unknown", "own", "foreign"]}
#                 acr: {type: string}
#                 amr: {type: string}
#                 factors: {enum: ["none", "one", "two"]}
#                 elevation: {enum: ["none", "fresh", "expired"]}
#             identity:
#               type: object
#               additionalProperties: false
#               properties:
#                 state: {enum: ["unknown", "stale", "fresh"]}
#             revocation:
#               type: object
#               additionalProperties: false
#               properties:
#                 state: {enum: ["unknown", "stale", "fresh"]}
#                 session: {enum: ["clear", "revoked"]}
#                 subject: {enum: ["clear", "banned"]}
#                 log_in: {enum: ["clear", "barred"]}
#                 address: {enum: ["clear", "barred"]}
#                 step_up: {enum: ["none", "owed"]}
#                 stale_for: {enum: ["", "short", "long"]}
#             device:
#               type: object
#               additionalProperties: false
#               properties:
#                 state: {enum: ["unknown", "stale", "fresh"]}
#                 match: {enum: ["", "same", "changed", "unseen"]}
#                 workstation: {enum: ["", "none", "elsewhere", "registered"]}
#                 tap: {enum: ["", "none", "fresh", "expired"]}
#                 workstation_id: {type: string}
#                 zone: {type: string}
#                 network: {type: string}
#             location:
#               type: object
#               additionalProperties: false
#               properties:
#                 state: {enum: ["unknown", "stale", "fresh"]}
#                 place: {enum: ["", "on_site", "off_site"]}
#                 country: {type: string}
#                 drift: {enum: ["", "none", "moved", "hidden"]}
#                 travel: {enum: ["", "possible", "impossible"]}
#                 claimed_drift: {enum: ["", "none", "moved", "lost"]}
#                 claimed_travel: {enum: ["", "possible", "impossible"]}
#             care:
#               type: object
#               additionalProperties: false
#               properties:
#                 state: {enum: ["unknown", "stale", "fresh"]}
#                 treats: {type: boolean}
#                 same_department: {type: boolean}
#                 own: {type: boolean}
#             signals:
#               type: object
#               additionalProperties: false
#               properties:
#                 state: {enum: ["unknown", "stale", "fresh"]}
#                 requests: {enum: ["", "usual", "many"]}
#                 denials: {enum: ["", "usual", "many"]}
#                 failed_log_ins: {enum: ["", "usual", "many"]}
#                 patients: {enum: ["", "usual", "many", "far_more"]}
#                 predictions: {enum: ["", "usual", "many"]}
#             log_in:
#               type: object
#               additionalProperties: false
#               properties:
#                 factor: {enum: ["", "password", "code"]}
#                 failures: {enum: ["none", "few", "many"]}
#                 familiar: {enum: ["none", "network", "device"]}
#             time:
#               type: object
#               additionalProperties: false
#               properties:
#                 state: {enum: ["unknown", "fresh"]}
#                 period: {enum: ["", "day", "night"]}
#             caller:
#               type: object
#               additionalProperties: false
#               properties:
#                 kind: {enum: ["token", "certificate"]}
#                 name: {type: string}
#             claims:
#               type: object
#               additionalProperties: false
#               properties:
#                 purpose: {enum: ["treatment", "emergency", "payment", "operations", "other"]}
#                 elevation: {enum: ["fresh", "other"]}
package authz

import data.authz.ask

# METADATA
# title: The answer to one request
# entrypoint: true
answer := {
	"decision": allow,
	"context": {
		"reasons": reasons,
		"obligations": duties,
		"grounds": {"rules": granting, "right": right, "reach": reach},
	},
}

# METADATA
# title: Some rule grants, and no rule denies
default allow := false

allow if {
	_granted
	not _denied
}

# METADATA
# title: Why not, as stable codes in alphabetical order
reasons contains code if some code in denials

reasons contains "not_granted" if {
	not _granted
	not _denied
}

# METADATA
# title: Every denial that a rule makes
denials contains code if some code in data.authz.rules[_].deny

# METADATA
# title: An input that cannot be, by what is assumed of all inputs
denials contains "input_impossible" if data.authz.assume[_].impossible

# METADATA
# title: What the enforcement point must do, or deny
duties contains duty if some duty in data.authz.rules[_].oblige

# METADATA
# title: The rules under which it is allowed, by folder and code; none for a denial
granting contains {"folder": folder, "code": code} if {
	allow
	some folder
	some code in data.authz.rules[folder].grant
}

# METADATA
# title: The right that the action needs, and how far the role reaches with it
default right := ""

right := ask.right if allow

default reach := ""

reach := ask.reach if allow

_granted if some _ in data.authz.rules[_].grant

_denied if some _ in denials
