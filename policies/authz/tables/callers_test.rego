package authz.tables_test

import data.authz.tables

test_callers_are_believed_about_what_the_tables_know if {
	every kind, rows in tables.callers {
		kind in {"token", "certificate"}
		every believed in rows {
			every claim in believed {
				claim in (object.keys(tables.claims) | {"address", "user_agent"})
			}
		}
	}
}

test_nobody_is_believed_about_a_fresh_factor if {
	every rows in tables.callers {
		every believed in rows {
			not "elevation" in believed
		}
	}
}

test_every_purpose_is_a_word_of_the_claim_and_serves_a_right if {
	every right, purposes in tables.purposes {
		tables.rights[right]
		every purpose in purposes {
			purpose in tables.claims.purpose.words
		}
	}
}
