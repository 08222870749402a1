package pep_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/wardgate/wardgate/pdp"
)

// provedBy is satisfied by one word in a header, for one confirmation.
type provedBy string

func (p provedBy) Holds(r *http.Request, token string, confirmation json.RawMessage) bool {
	return token != "" && r.Header.Get("DPoP") == string(p) && string(confirmation) == `{"jkt":"thumbprint"}`
}

// TestBoundTokens: a token that is bound to a key is worth nothing to who only
// has the token, whether it was seen before or not.
func TestBoundTokens(t *testing.T) {
	for _, test := range []struct {
		name, scheme, proof string
		confirmation        any
		judged              bool
		want                pdp.CredentialState
	}{
		{"proved", "DPoP", "proof", map[string]string{"jkt": "thumbprint"}, true, pdp.CredentialValid},
		{"proved, as a certificate does", "Bearer", "proof", map[string]string{"jkt": "thumbprint"}, true, pdp.CredentialValid},
		{"stolen", "DPoP", "", map[string]string{"jkt": "thumbprint"}, true, pdp.CredentialInvalid},
		{"stolen, without the proof's scheme", "Bearer", "", map[string]string{"jkt": "thumbprint"}, true, pdp.CredentialInvalid},
		{"another key", "DPoP", "proof", map[string]string{"jkt": "other"}, true, pdp.CredentialInvalid},
		{"nobody judges", "DPoP", "proof", map[string]string{"jkt": "thumbprint"}, false, pdp.CredentialInvalid},
		{"bound to nothing", "Bearer", "proof", nil, true, pdp.CredentialInvalid},
		{"not bound", "DPoP", "proof", "absent", true, pdp.CredentialInvalid},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, func(w *world) {
				watchCredentials(w)
				if test.judged {
					w.config.Possession = provedBy("proof")
				}
			})
			claims := w.tokens.claims()
			if test.confirmation != "absent" {
				claims["cnf"] = test.confirmation
			}
			token := w.tokens.sign(claims, w.tokens.header())
			for _, time := range []string{"first", "second"} {
				r := httptest.NewRequest(http.MethodGet, "/nowhere", http.NoBody)
				r.Header.Set("Authorization", test.scheme+" "+token)
				r.Header.Set("DPoP", test.proof)
				w.proxy.ServeHTTP(httptest.NewRecorder(), r)
				if got := w.seen.Load().State; got != test.want {
					t.Errorf("%s time: got %q, want %q", time, got, test.want)
				}
			}
		})
	}
}
