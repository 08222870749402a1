package pep

import "net/http"

const (
	// deviceCookie holds the key that a browser got at an earlier log-in.
	deviceCookie = "__Host-wardgate-device"
	// deviceHeader hands it on, to the policy administrator alone.
	deviceHeader = "Wardgate-Device"
	maxDevice    = 1024
)

// handDevice puts a browser's device key where the administrator reads it. It
// is no credential: the administrator believes it as far as its seal goes.
func handDevice(in *http.Request, out http.Header, application string) {
	if application != administrator {
		return
	}
	c, err := in.Cookie(deviceCookie)
	if err != nil || c.Value == "" || len(c.Value) > maxDevice {
		return
	}
	out.Set(deviceHeader, c.Value)
}
