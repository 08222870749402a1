# METADATA
# title: What rules about records see
# description: |
#   The input of a request, as authz has it, and one row: patient or session.
#   Written here again so that the stock opa program refuses a misspelt field in
#   rows/ and columns/ without a flag; a test holds both to be the same.
# scope: subpackages
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
#         patient:
#           type: object
#           additionalProperties: false
#           properties:
#             id: {type: string}
#             doctor: {type: string}
#             department: {type: string}
#         session:
#           type: object
#           additionalProperties: false
#           properties:
#             account: {type: string}
package records
