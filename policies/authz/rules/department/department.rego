# METADATA
# title: A nurse reaches the patients of the own department
# custom:
#   sp800_207: "2.1, tenet 3"
#   hipaa: "45 CFR 164.502(b), minimum necessary"
package authz.rules.department

import data.authz.ask

# METADATA
# title: A patient of another department, or no patient at all
deny contains "not_your_department" if {
	ask.reach == "department"
	not input.resource.id == ""
	not input.context.care.same_department
	not input.context.care.state == "unknown"
}
