package handler

import (
	"net/http"
	"time"
)

const (
	// DeviceCookie carries the device key of a browser. The enforcement point
	// hands its value on in DeviceHeader, and to nobody but the administrator.
	DeviceCookie = "__Host-wardgate-device"
	// DeviceHeader carries the device key from the enforcement point.
	DeviceHeader = "Wardgate-Device"

	maxRetry = 255 // bytes of an idempotency key
)

// deviceCookie lasts as long as the device is known. It opens nothing: it only
// tells a log-in from here from a stranger's.
func deviceCookie(key string, life time.Duration) *http.Cookie {
	return &http.Cookie{
		Name: DeviceCookie, Value: key, Path: "/", MaxAge: int(life / time.Second),
		Secure: true, HttpOnly: true, SameSite: http.SameSiteStrictMode,
	}
}
