# METADATA
# title: What behaviour calls for, without any request
# description: |
#   Asked for every active subject and address as signals arrive. What it says
#   is done once, journalled, and holds for as long as the table says. It sees
#   words, and no ids: equal behaviour gets an equal verdict.
# scope: subpackages
# custom:
#   sp800_207: "3.3, trust algorithm; 2.1, tenets 5 and 7: continuous monitoring"
#   hipaa: "45 CFR 164.308(a)(1)(ii)(D), information system activity review; 164.308(a)(6)(ii), response"
# schemas:
#   - input:
#       type: object
#       additionalProperties: false
#       properties:
#         who: {enum: ["subject", "address"]}
#         kind: {enum: ["", "staff", "patient", "machine", "officer", "auditor"]}
#         place: {enum: ["", "on_site", "off_site"]}
#         signals:
#           type: object
#           additionalProperties: false
#           properties:
#             state: {enum: ["unknown", "stale", "fresh"]}
#             requests: {enum: ["", "usual", "many"]}
#             denials: {enum: ["", "usual", "many"]}
#             sprayed_accounts: {enum: ["", "usual", "many"]}
#             patients: {enum: ["", "usual", "many"]}
#             predictions: {enum: ["", "usual", "many"]}
#             new_device: {type: boolean}
#             new_country: {type: boolean}
#             impossible_travel: {type: boolean}
#         external:
#           type: array
#           items: {type: string}
package sentinel

# METADATA
# title: Every verdict that a rule comes to
# entrypoint: true
verdicts contains verdict if some verdict in data.sentinel.rules[_].verdict
