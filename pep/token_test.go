package pep_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/token"
)

// credential sends one request with the Authorization value and returns what
// the decision point was told of it. Only a valid credential is forwarded.
func credential(t *testing.T, w *world, authorization string) pdp.Credential {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/info", http.NoBody)
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	rec := httptest.NewRecorder()
	before := w.seen.Load()
	w.proxy.ServeHTTP(rec, r)
	seen := w.seen.Load()
	if seen == nil || seen == before {
		t.Fatal("the decision point was not asked")
	}
	if (rec.Code == http.StatusOK) != (seen.State == pdp.CredentialValid) {
		t.Errorf("status %d for a credential that is %s", rec.Code, seen.State)
	}
	return *seen
}

// watchCredentials notes the credential of each question.
func watchCredentials(w *world) {
	w.config.Decider = deciderFunc(func(ctx context.Context, r pdp.Request) (pdp.Decision, error) {
		w.seen.Store(&r.Context.Credential)
		if (r.Subject.ID != "") != (r.Context.Credential.State == pdp.CredentialValid) {
			w.t.Errorf("subject %q beside a credential that is %s", r.Subject.ID, r.Context.Credential.State)
		}
		return sessionPolicy(ctx, r)
	})
}

func segment(v any) string {
	raw, ok := v.([]byte)
	if !ok {
		raw, _ = json.Marshal(v)
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

// A forger signs, with the genuine key, what the administrator never would.
type forger struct{ *tokenIssuer }

func (f forger) issue(change func(jwt.MapClaims, map[string]any)) string {
	c, h := f.claims(), f.tokenIssuer.header()
	change(c, h)
	return f.sign(c, h)
}

func (f forger) header(name string, value any) string {
	return f.issue(func(_ jwt.MapClaims, h map[string]any) { h[name] = value })
}

func (f forger) claim(name string, value any) string {
	return f.issue(func(c jwt.MapClaims, _ map[string]any) { c[name] = value })
}

func (f forger) without(name string) string {
	return f.issue(func(c jwt.MapClaims, _ map[string]any) { delete(c, name) })
}

// checkInvalid presents each token twice: by then the cache could have learnt it.
func checkInvalid(t *testing.T, w *world, table map[string]string) {
	t.Helper()
	for name, token := range table {
		t.Run(name, func(t *testing.T) {
			for range 2 {
				if got := credential(t, w, "Bearer "+token).State; got != pdp.CredentialInvalid {
					t.Errorf("got %q, want invalid", got)
				}
			}
		})
	}
	if got := credential(t, w, "Bearer "+w.tokens.good()); got.State != pdp.CredentialValid || got.TokenID != "token-1" {
		t.Errorf("the good token: got %+v", got)
	}
}

func TestOddTokensAreInvalidThoughSigned(t *testing.T) {
	w := newWorld(t, watchCredentials)
	f := forger{w.tokens}
	table := map[string]string{
		"jwk embedded":          f.header("jwk", map[string]string{"kty": "EC"}),
		"jku":                   f.header("jku", "https://evil.test/keys"),
		"x5u":                   f.header("x5u", "https://evil.test/cert"),
		"x5c":                   f.header("x5c", []string{"MII"}),
		"crit":                  f.header("crit", []string{"b64"}),
		"b64":                   f.header("b64", false),
		"zip":                   f.header("zip", "DEF"),
		"cty":                   f.header("cty", "JWT"),
		"kid a path":            f.header("kid", "../../../dev/null"),
		"kid SQL":               f.header("kid", "key-1' OR '1'='1"),
		"kid a number":          f.header("kid", 1),
		"kid a list":            f.header("kid", []string{"key-1"}),
		"kid null":              f.header("kid", nil),
		"kid empty":             f.header("kid", ""),
		"kid in another case":   f.header("kid", "KEY-1"),
		"kid with a blank":      f.header("kid", "key-1 "),
		"kid missing":           f.issue(func(_ jwt.MapClaims, h map[string]any) { delete(h, "kid") }),
		"typ missing":           f.issue(func(_ jwt.MapClaims, h map[string]any) { delete(h, "typ") }),
		"typ JWT":               f.header("typ", "JWT"),
		"typ of an assertion":   f.header("typ", "wardgate-assertion+jwt"),
		"typ in another case":   f.header("typ", "AT+JWT"),
		"other issuer":          f.claim("iss", "https://evil.test"),
		"issuer with a slash":   f.claim("iss", testIssuer+"/"),
		"other audience":        f.claim("aud", "other"),
		"two audiences":         f.claim("aud", []string{testAudience, "other"}),
		"same audience twice":   f.claim("aud", []string{testAudience, testAudience}),
		"no audience in a list": f.claim("aud", []string{}),
		"nbf":                   f.claim("nbf", time.Now().Add(time.Hour).Unix()),
		"exp a word":            f.claim("exp", "soon"),
		"exp null":              f.claim("exp", nil),
		"amr empty":             f.claim("amr", []string{}),
		"subject empty":         f.claim("sub", ""),
		"issued in the future":  f.claim("iat", time.Now().Add(time.Minute).Unix()),
		"longer than 8 KiB":     f.claim("fp", strings.Repeat("x", 8<<10)),
	}
	for _, name := range []string{"iss", "sub", "aud", "exp", "iat", "jti", "sid", "acr", "amr", "auth_time", "role"} {
		table["no "+name] = f.without(name)
	}
	checkInvalid(t, w, table)
}

func TestForgedTokensAreInvalid(t *testing.T) {
	w := newWorld(t, watchCredentials)
	good := strings.Split(w.tokens.good(), ".")
	checkInvalid(t, w, map[string]string{
		"no signature":           good[0] + "." + good[1] + ".",
		"two segments":           good[0] + "." + good[1],
		"four segments":          w.tokens.good() + ".x",
		"signature of another":   good[0] + "." + good[1] + "." + strings.Split(forger{w.tokens}.claim("sub", "root"), ".")[2],
		"payload of another":     good[0] + "." + segment(map[string]string{"sub": "root"}) + "." + good[2],
		"padded base64":          w.tokens.good() + "==",
		"base64 with a newline":  good[0] + "." + good[1] + ".\n" + good[2],
		"standard base64":        good[0] + "." + good[1] + "." + standardBase64(good[2]),
		"zero signature":         good[0] + "." + good[1] + "." + segment(make([]byte, 64)),
		"DER signature":          good[0] + "." + good[1] + "." + segment(derOf(t, good[2])),
		"blank":                  " ",
		"nothing like a token":   "x",
		"none alg":               unsigned(w, "none"),
		"None alg":               unsigned(w, "None"),
		"NONE alg":               unsigned(w, "NONE"),
		"empty alg":              unsigned(w, ""),
		"HS256 with the key PEM": confused(t, w, pemOf),
		"HS256 with the key DER": confused(t, w, derKey),
		"HS256 with nothing":     confused(t, w, func(*testing.T, *world) []byte { return nil }),
		"RS256 under an ES key":  otherAlgorithm(t, w, jwt.SigningMethodRS256),
		"EdDSA under an ES key":  otherAlgorithm(t, w, jwt.SigningMethodEdDSA),
		"ES256 by another key":   otherAlgorithm(t, w, jwt.SigningMethodES256),
		"ES384 by another key":   otherAlgorithm(t, w, jwt.SigningMethodES384),
		"a genuine assertion":    genuineAssertion(t, w),
	})
}

func TestSchemes(t *testing.T) {
	w := newWorld(t, watchCredentials)
	token := w.tokens.good()
	for authorization, want := range map[string]pdp.CredentialState{
		"":                        pdp.CredentialNone,
		"Bearer " + token:         pdp.CredentialValid,
		"bearer " + token:         pdp.CredentialValid,
		"BEARER " + token:         pdp.CredentialValid,
		"Bearer":                  pdp.CredentialInvalid,
		"Bearer  " + token:        pdp.CredentialInvalid,
		"Bearer\t" + token:        pdp.CredentialInvalid,
		"Bearer " + token + ", x": pdp.CredentialInvalid,
		"Bearer " + token + " x":  pdp.CredentialInvalid,
		"Basic " + token:          pdp.CredentialInvalid,
		"DPoP " + token:           pdp.CredentialInvalid,
		token:                     pdp.CredentialInvalid,
	} {
		if got := credential(t, w, authorization).State; got != want {
			scheme, _, _ := strings.Cut(authorization, " ")
			t.Errorf("%q and %d bytes: got %q, want %q", scheme, len(authorization), got, want)
		}
	}
}

// TestTimesOfATokenHaveSharpEdges: five seconds of leeway, not one more.
func TestTimesOfATokenHaveSharpEdges(t *testing.T) {
	base := time.Now().Truncate(time.Second)
	var now time.Time
	w := newWorld(t, func(w *world) {
		watchCredentials(w)
		w.config.Now = func() time.Time { return now }
	})
	claims := w.tokens.claims()
	claims["iat"], claims["auth_time"], claims["exp"] = base.Unix(), base.Unix(), base.Add(5*time.Minute).Unix()
	token := "Bearer " + w.tokens.sign(claims, w.tokens.header())
	for _, test := range []struct {
		at   time.Duration // since issuing
		want pdp.CredentialState
	}{
		{0, pdp.CredentialValid},
		{-4 * time.Second, pdp.CredentialValid},
		{-6 * time.Second, pdp.CredentialInvalid},
		{5*time.Minute - time.Second, pdp.CredentialValid},
		{5*time.Minute + 4*time.Second, pdp.CredentialValid},
		{5*time.Minute + 6*time.Second, pdp.CredentialExpired},
		{24 * time.Hour, pdp.CredentialExpired},
		{-24 * time.Hour, pdp.CredentialInvalid},
		{0, pdp.CredentialValid}, // from the cache, judged anew
	} {
		now = base.Add(test.at)
		r := httptest.NewRequest(http.MethodGet, "/nowhere", http.NoBody)
		r.Header.Set("Authorization", token)
		w.proxy.ServeHTTP(httptest.NewRecorder(), r)
		if got := w.seen.Load().State; got != test.want {
			t.Errorf("%v after issuing: got %q, want %q", test.at, got, test.want)
		}
	}
}

// TestCacheIsKeyedByTheWholeToken: what differs in a byte is verified anew,
// and a retired key leaves nothing behind.
func TestCacheIsKeyedByTheWholeToken(t *testing.T) {
	w := newWorld(t, watchCredentials)
	token := w.tokens.good()
	credential(t, w, "Bearer "+token)
	w.tokens.checked()
	credential(t, w, "Bearer "+token)
	if n := w.tokens.checked(); n != 1 { // whether its key is still believed
		t.Fatalf("the token was verified again: %d looks at keys", n)
	}
	parts := strings.Split(token, ".")
	twin := parts[0] + "." + parts[1] + "." + otherS(t, parts[2])
	credential(t, w, "Bearer "+twin)
	if w.tokens.checked() < 2 {
		t.Error("the other (r, s) of the same signature was a hit")
	}
	last := parts[2][len(parts[2])-1]
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	for bits := 1; bits < 16; bits++ { // 64 bytes leave four unused bits at the end
		other := alphabet[strings.IndexByte(alphabet, last)^bits]
		if got := credential(t, w, "Bearer "+token[:len(token)-1]+string(other)).State; got != pdp.CredentialInvalid {
			t.Errorf("other bits at the end: got %q, want invalid", got)
		}
	}
	w.tokens.retire("key-1")
	for range 2 {
		for name, t2 := range map[string]string{"token": token, "twin": twin} {
			if got := credential(t, w, "Bearer "+t2).State; got != pdp.CredentialInvalid {
				t.Errorf("%s after its key retired: got %q, want invalid", name, got)
			}
		}
	}
}

// TestAccessTokenIsNoAssertion is the other direction of "a genuine assertion".
func TestAccessTokenIsNoAssertion(t *testing.T) {
	w := newWorld(t, nil)
	if _, err := w.key.Verify(w.tokens.good(), "records", time.Now()); err == nil {
		t.Error("an access token was taken for an assertion")
	}
}

func unsigned(w *world, alg string) string {
	h := maps.Clone(w.tokens.header())
	h["alg"] = alg
	return segment(h) + "." + segment(w.tokens.claims()) + "."
}

func confused(t *testing.T, w *world, secret func(*testing.T, *world) []byte) string {
	t.Helper()
	h := maps.Clone(w.tokens.header())
	h["alg"] = "HS256"
	text := segment(h) + "." + segment(w.tokens.claims())
	mac := hmac.New(sha256.New, secret(t, w))
	mac.Write([]byte(text))
	return text + "." + segment(mac.Sum(nil))
}

func derKey(t *testing.T, w *world) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(&w.tokens.private.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func pemOf(t *testing.T, w *world) []byte {
	t.Helper()
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: derKey(t, w)})
}

func otherAlgorithm(t *testing.T, w *world, method jwt.SigningMethod) string {
	t.Helper()
	var key any
	var err error
	switch method {
	case jwt.SigningMethodRS256:
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	case jwt.SigningMethodEdDSA:
		_, key, err = ed25519.GenerateKey(rand.Reader)
	case jwt.SigningMethodES384:
		key, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	default:
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	if err != nil {
		t.Fatal(err)
	}
	token := jwt.NewWithClaims(method, w.tokens.claims())
	token.Header["typ"], token.Header["kid"] = "at+jwt", "key-1"
	signed, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func genuineAssertion(t *testing.T, w *world) string {
	t.Helper()
	signed, err := w.key.Sign(assertion.Claims{Decision: "d", Method: "GET", Path: "/info", Action: "info.read"}, "records", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func signatureOf(t *testing.T, encoded string) []byte {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil || len(raw) != 64 {
		t.Fatalf("signature of %d bytes: %v", len(raw), err)
	}
	return raw
}

// otherS is the second signature that the same key verifies: (r, n-s).
func otherS(t *testing.T, encoded string) string {
	t.Helper()
	raw := signatureOf(t, encoded)
	s := new(big.Int).SetBytes(raw[32:])
	s.Sub(elliptic.P256().Params().N, s)
	s.FillBytes(raw[32:])
	return segment(raw)
}

func derOf(t *testing.T, encoded string) []byte {
	t.Helper()
	raw := signatureOf(t, encoded)
	der := append([]byte{0x30, 68, 2, 32}, raw[:32]...)
	return append(append(der, 2, 32), raw[32:]...)
}

func standardBase64(encoded string) string {
	return strings.NewReplacer("-", "+", "_", "/").Replace(encoded) + "="
}

var _ token.Keys = (*tokenIssuer)(nil)
