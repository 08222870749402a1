package request

// The codes of requests that are refused for how they are written.
const (
	FramingAmbiguous = "framing_ambiguous"
	HostAmbiguous    = "host_ambiguous"
	MethodRefused    = "method_refused"
	TargetAmbiguous  = "target_ambiguous"
	PathAmbiguous    = "path_ambiguous"
	QueryAmbiguous   = "query_ambiguous"
	HeaderRepeated   = "header_repeated"
	BodyMissing      = "body_missing"
	BodyTooLarge     = "body_too_large"
	BodyUnexpected   = "body_unexpected"
	BodyUnreadable   = "body_unreadable"
	BodyAmbiguous    = "body_ambiguous"
	MediaTypeRefused = "media_type_refused"
)
