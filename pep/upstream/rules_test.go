package upstream_test

import (
	"net/http"
	"testing"

	"github.com/wardgate/wardgate/pep/upstream"
)

// Names of the connection, of Wardgate, of credentials, of where a request came from and of
// another request can be brought in by no rule, in any case.
func TestNamesThatNoRuleBringsIn(t *testing.T) {
	for _, name := range []string{
		"Connection", "keep-alive", "Proxy-Authorization", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "HTTP2-Settings",
		"Wardgate-Assertion", "wardgate-patients", "WARDGATE-DEVICE", "Authorization", "Cookie", "Cookie2", "Host", "Expect", "Content-Length", "Content-Type",
		"Content-Encoding", "Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-User", "X-Real-IP", "X-Original-URL", "X-Rewrite-URL",
		"X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "Destination", "X-Accel-Redirect", "X-Client-Cert", "X-SSL-Client-Verify",
		"Remote_User", "X User", "X-User:", "", "-", "X-Ü",
	} {
		if err := upstream.CheckSent(name); err == nil {
			t.Errorf("%q may be passed and set", name)
		}
	}
	for _, name := range []string{
		"Connection", "Set-Cookie", "Set-Cookie2", "Wardgate-Withheld", "Transfer-Encoding", "Content-Length", "Content-Type", "Content-Encoding",
		"Strict-Transport-Security", "WWW-Authenticate", "Clear-Site-Data", "X-Accel-Redirect", "Date", "a b",
	} {
		if err := upstream.CheckWritten(name); err == nil {
			t.Errorf("%q may be written into answers", name)
		}
	}
	for _, name := range []string{"Authorization", "Cookie", "User-Agent", "If-Match", "X-Forwarded-For", "X-Real-IP", "Wardgate-User", "Host", "Connection", "Remote_User", "Content-Type"} {
		if err := upstream.CheckTold(name); err == nil {
			t.Errorf("%q may say who asks", name)
		}
	}
	for _, name := range []string{"Remote-User", "X-Remote-User", "X-Forwarded-User", "X-WEBAUTH-USER", "X-Auth-Request-User"} {
		if err := upstream.CheckTold(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{"Origin", "Referer", "X-Requested-With", "Range", "Accept-Encoding", "X-CSRF-Token"} {
		if err := upstream.CheckSent(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestStripFindsEverySpelling(t *testing.T) {
	h := http.Header{"Remote-User": {"a"}, "remote_user": {"a"}, "REMOTE.USER": {"a"}, "Remote-User-2": {"a"}, "Accept": {"a"}}
	if upstream.Strip(h, map[string]bool{"remote-user": true}); len(h) != 2 || h["Accept"] == nil || h["Remote-User-2"] == nil {
		t.Errorf("got %v", h)
	}
}

// It is done for each request that goes on.
func TestStripAllocatesNothing(t *testing.T) {
	h := http.Header{"Accept": {"a"}, "Accept-Language": {"a"}, "User-Agent": {"a"}, "If-None-Match": {"a"}}
	told := map[string]bool{"remote-user": true}
	if n := testing.AllocsPerRun(10, func() { upstream.Strip(h, told) }); n > 0 {
		t.Errorf("got %v allocations", n)
	}
}
