package upstream

import "net/http"

const (
	// deviceCookie holds the keys that a browser got at earlier log-ins, one of each
	// person who shares it.
	deviceCookie = "__Host-wardgate-device"
	// deviceHeader hands it on, to the policy administrator alone.
	deviceHeader = "Wardgate-Device"
	maxDevice    = 2560
)

// DeviceKey returns the key of the device that a browser presents, "" when it
// presents none.
func DeviceKey(r *http.Request) string {
	c, err := r.Cookie(deviceCookie)
	if err != nil || len(c.Value) > maxDevice {
		return ""
	}
	return c.Value
}

// HandDevice puts a browser's device key where the policy administrator reads
// it. It is no credential: it is trusted as far as its seal goes.
func HandDevice(in *http.Request, out http.Header) {
	if key := DeviceKey(in); key != "" {
		out.Set(deviceHeader, key)
	}
}
