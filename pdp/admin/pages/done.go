package pages

import (
	"encoding/base64"
	"encoding/binary"
	"net/url"
	"time"
)

const (
	// doneField says, in the address that a form leads to, what the form has done.
	doneField = "done"
	// doneLife is how long that is said.
	doneLife = time.Minute
)

// leaveDone sends the browser to another own page, which says what was done by a word. It
// is sealed for this browser and session, so that no link of another site can say it.
func (v *visit) leaveDone(path, word string) {
	shown := binary.BigEndian.AppendUint64(nil, uint64(v.parts.Admin.Now().Unix()))
	sealed, err := v.parts.Sealer.Encrypt(append(shown, word...), v.doneUse())
	if err != nil { // it is done, and not said
		v.parts.Log.Error("what was done is not said", "error", err)
		v.leave(path)
		return
	}
	v.leave(path + "?" + url.Values{doneField: {base64.RawURLEncoding.EncodeToString(sealed)}}.Encode())
}

// done is what a form of this browser and session has done just now, "" for nothing.
func (v *visit) done() string {
	sealed, err := base64.RawURLEncoding.DecodeString(v.r.URL.Query().Get(doneField))
	if err != nil || len(sealed) == 0 || v.browser == "" {
		return ""
	}
	said, err := v.parts.Sealer.Decrypt(sealed, v.doneUse())
	if err != nil || len(said) < 8 {
		return ""
	}
	age := v.parts.Admin.Now().Sub(time.Unix(int64(binary.BigEndian.Uint64(said)), 0))
	if age < -doneLife || age > doneLife || !v.look.Has(string(said[8:])) {
		return ""
	}
	return v.say(string(said[8:]))
}

func (v *visit) doneUse() []byte {
	return []byte("done on a page\x00" + v.browser + "\x00" + v.who.Session)
}
