package authz.tables

# METADATA
# title: What the enforcement point masks in the answers of other applications
# description: |
#   For applications that know nothing of Wardgate. By action, and then by role,
#   "off_site" or "anyone"; what several rows say adds up.
#     pointers  members of a JSON answer that go missing (RFC 6901; * for every
#               element of a list); the client is told which
#     pass      media types that go out whole, such as "image/png"
#   An answer that is neither JSON nor named there is withheld.
#     "lab.read": {"nurse": {"pointers": ["/items/*/national_id"], "pass": ["application/pdf"]}},
masks := {}
