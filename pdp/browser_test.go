package pdp_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pdp"
)

// What opens a session is in no log, however it gets there; over the network it
// arrives whole.
func TestSecretsOfBrowsersAreNotPrinted(t *testing.T) {
	const secret = "a-secret-that-opens"
	for _, v := range []any{
		pdp.Continuation{Handle: secret, Host: "home.test", Address: netip.MustParseAddr("127.0.0.1")},
		pdp.Continued{AccessToken: secret, Expires: time.Unix(1, 0).UTC(), RenewAfter: time.Minute},
		pdp.CookieKey{Secret: []byte(secret)},
	} {
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("asked", "what", v)
		if text := fmt.Sprintf("%v %+v %#v %s %s", v, v, v, v, log.String()); strings.Contains(text, secret) || strings.Contains(text, fmt.Sprint([]byte(secret))) {
			t.Errorf("%T prints its secret: %s", v, text)
		}
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		read := reflect.New(reflect.TypeOf(v))
		if err := json.Unmarshal(raw, read.Interface()); err != nil || !reflect.DeepEqual(read.Elem().Interface(), v) {
			t.Errorf("%T: read otherwise than written: %v", v, err)
		}
	}
}
