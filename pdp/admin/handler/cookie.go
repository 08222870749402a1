package handler

import (
	"net/http"
	"time"

	"github.com/wardgate/wardgate/internal/assertion"
)

const (
	// DeviceCookie carries the device key of a browser. The enforcement point
	// hands its value on in DeviceHeader, and to the administrator alone.
	DeviceCookie = "__Host-wardgate-device"
	// DeviceHeader carries the device key from the enforcement point.
	DeviceHeader = "Wardgate-Device"

	maxRetry = 255 // bytes of an idempotency key
)

// SetDevice gives a browser the keys of its device, one of each person who shares it, for
// as long as the device is known. It opens nothing: it only tells a log-in from here from a stranger's.
func SetDevice(w http.ResponseWriter, key string, life time.Duration) {
	http.SetCookie(w, &http.Cookie{
		Name: DeviceCookie, Value: key, Path: "/", MaxAge: int(life / time.Second),
		Secure: true, HttpOnly: true, SameSite: http.SameSiteStrictMode,
	})
}

// SetBrowser gives a browser what tells it from others until it is closed, so that
// a form can be known for one of its own pages, asked by scheme. It opens nothing.
func SetBrowser(w http.ResponseWriter, scheme, drawn string) {
	c := &http.Cookie{Name: assertion.PlainFormCookie, Value: drawn, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode}
	if scheme == "https" {
		c.Name, c.Secure = assertion.FormCookie, true
	}
	http.SetCookie(w, c)
}

// SetStation gives a browser the key of the workstation that it is, asked by scheme.
func SetStation(w http.ResponseWriter, scheme, key string, life time.Duration) {
	c := &http.Cookie{
		Name: assertion.PlainStationCookie, Value: key, Path: "/", MaxAge: int(life / time.Second),
		HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
	if scheme == "https" {
		c.Name, c.Secure = assertion.StationCookie, true
	}
	http.SetCookie(w, c)
}

// BrowserOf is what SetBrowser gave, as the enforcement point hands it on; "" for
// nothing that was drawn there.
func BrowserOf(r *http.Request) string {
	drawn := r.Header.Get(assertion.FormHeader)
	if len(drawn) != drawnText {
		return ""
	}
	return drawn
}

// drawnText is how long what is drawn by rand.Text is.
const drawnText = 26
