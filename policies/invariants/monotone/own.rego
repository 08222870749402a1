# METADATA
# title: Not being the patient allows no more
package invariants.monotone.own

member := "context.care.own"

order := [true, false]
