package pages

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"time"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/pdp/admin/handler"
)

const (
	// formLife is how long a form can be sent after it was shown.
	formLife = 12 * time.Hour
)

// proof is what a form of this browser and session carries: the time, sealed for
// both. Another site can make a browser send a form, and can neither read this
// browser's cookie nor seal for it.
func (v *visit) proof() string {
	if v.browser == "" {
		v.browser = rand.Text()
		handler.SetBrowser(v.w, v.who.Scheme, v.browser)
	}
	sealed, err := v.parts.Sealer.Encrypt(binary.BigEndian.AppendUint64(nil, uint64(v.parts.Admin.Now().Unix())), v.formUse())
	if err != nil { // the form cannot be sent, and is shown again
		v.parts.Log.Error("form not sealed", "error", err)
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(sealed)
}

// genuine reports whether the form is one of this browser and session, and was
// shown not too long ago.
func (v *visit) genuine() bool {
	sealed, err := base64.RawURLEncoding.DecodeString(v.text("csrf"))
	if v.browser == "" || err != nil {
		return false
	}
	shown, err := v.parts.Sealer.Decrypt(sealed, v.formUse())
	if err != nil || len(shown) != 8 {
		return false
	}
	age := v.parts.Admin.Now().Sub(time.Unix(int64(binary.BigEndian.Uint64(shown)), 0))
	return age > -time.Minute && age < formLife
}

// formUse is what a proof is sealed with.
func (v *visit) formUse() []byte {
	return []byte("form of a page\x00" + v.browser + "\x00" + v.who.Session)
}

// code is the code that was typed, without the blanks that people put between
// digits.
func (v *visit) code() string {
	return strings.NewReplacer(" ", "", "\u00a0", "", "\u2009", "").Replace(v.text("code"))
}

// hold has the enforcement point give this browser its handle.
func (v *visit) hold(handle string) { v.w.Header().Set(assertion.BrowserHeader, handle) }

// over has the enforcement point take the browser's handle away.
func (v *visit) over() {
	v.w.Header().Set(assertion.BrowserHeader, assertion.BrowserClear)
	v.who.Subject, v.who.Session = "", ""
}

func (v *visit) rememberDevice(key string) {
	if key != "" {
		handler.SetDevice(v.w, key, v.parts.Admin.Limits().DeviceMemory)
	}
}

func days(d time.Duration) int64 { return int64(d / (24 * time.Hour)) }
