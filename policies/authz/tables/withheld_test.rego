package authz.tables_test

import data.authz.tables

test_only_columns_of_records_are_withheld if {
	every name in tables.withheld_off_site { name in tables.columns }
	every names in tables.withheld_from {
		every name in names { name in tables.columns }
	}
}

test_allergies_are_never_masked if {
	not "allergies" in tables.withheld_off_site
	every withheld in tables.withheld_from { not "allergies" in withheld }
}
