package pdp

// ObligationWords are the obligations that the house knows, and their properties.
// The policy administrator meets bar_log_in and alert, enforcement points all
// others; one that is not known denies.
var ObligationWords = map[string][]string{
	"revoke_session":    {"reason"},
	"bar_log_in":        {"seconds", "reason"},
	"alert":             {"seconds", "reason"},
	"step_up":           {"acr_values", "max_age", "tap"},
	"row_condition":     {"condition", "rows"},
	"withhold":          {"fields"},
	"withhold_fragile":  {},
	"prediction_budget": {"rows", "seconds"},
	"mask_response":     {"pointers", "pass"},
}
