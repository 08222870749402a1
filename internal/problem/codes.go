package problem

// Codes that Wardgate's own services answer with, and that mean what the rules of
// the delivered rule book mean by the same ones: a client cannot tell which of
// the two has denied. Codes that rules alone make stand in the rule book.
const (
	SessionMissing  = "session_missing"
	DeviceChanged   = "device_changed"
	AccountInactive = "account_inactive"
	NotGranted      = "not_granted"
	OwnAccount      = "own_account"
	NotYourPatient  = "not_your_patient" // or no patient at all
	RouteUnknown    = "route_unknown"
)
