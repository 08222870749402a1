package request

import (
	"net/http"
	"slices"
)

// single names the headers of which two values have two readings.
var single = []string{
	"Authorization",
	"Content-Encoding",
	"Content-Length",
	"Content-Type",
	"Cookie",
	"Idempotency-Key",
	"If-Match",
	"If-Modified-Since",
	"If-None-Match",
	"If-Range",
	"If-Range",
	"If-Unmodified-Since",
	"Range",
	"Range",
	"Traceparent",
	"User-Agent",
}

// Repeated reports whether a header that means one thing came more than once.
func Repeated(h http.Header) bool {
	return slices.ContainsFunc(single, func(name string) bool { return len(h[name]) > 1 })
}
