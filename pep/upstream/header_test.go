package upstream_test

import (
	"net/http"
	"testing"

	"github.com/wardgate/wardgate/pep/upstream"
)

func TestHeaderIsANewSet(t *testing.T) {
	in := http.Header{
		"Accept": {"a", "b"}, "Authorization": {"x"}, "Cookie": {"x"}, "Wardgate-Assertion": {"x"},
		"content-type": {"smuggled under a spelling that is not canonical"}, "Connection": {"Accept"},
	}
	out := upstream.Header(in)
	if len(out) != 2 || len(out["Accept"]) != 2 || out["User-Agent"] != nil {
		t.Errorf("got %v", out)
	}
	if in.Get("Authorization") != "x" {
		t.Error("the client's headers were changed")
	}
}
