package stories_test

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/e2e/rig"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit/reader"
)

// Uploads to the laboratory stream, up to more than any body that is judged.
const (
	uploadPath = "/lab/uploads"
	uploadSize = 20 << 20
)

// withUploads puts a row for them into a rule book.
func withUploads(t *testing.T, book string) string {
	t.Helper()
	rig.EditFile(t, filepath.Join(book, "authz/tables/routes.rego"), "routes := [",
		"routes := [\n\tobject.union(_row(\"PUT\", \"/lab/uploads\", \"lab\", \"lab.read\", \"report\", \"stream\"), {\"limit\": 20971520}),")
	return book
}

// take reads an upload.
func (l *aLaboratory) take(r *http.Request) {
	sum := sha256.New()
	if _, err := io.Copy(sum, r.Body); err != nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.uploaded = hex.EncodeToString(sum.Sum(nil))
}

// uploads holds that uploads stream through the whole house, and that the journal on the
// disk has their ends.
func uploads(t *testing.T, w *rig.World, doctor *rig.Person, lab *aLaboratory) {
	t.Helper()
	put := func(n int64) *rig.Answer {
		r := doctor.Request(http.MethodPut, uploadPath, nil)
		r.ContentLength = -1 // nothing says how much it is
		r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(io.LimitReader(zeros{}, n)), nil }
		r.Body, _ = r.GetBody()
		return doctor.Send(r)
	}
	put(uploadSize).Is(http.StatusOK)
	put(uploadSize + 1).Is(http.StatusRequestEntityTooLarge)
	var ends []string
	for r, err := range reader.Query(t.Context(), filepath.Join(w.Data, "journal"), reader.Filter{Kind: pip.KindStream}) {
		if err != nil {
			t.Fatal(err)
		}
		ends = append(ends, r.Event.Detail)
		lab.mu.Lock()
		if r.Event.Detail == "complete" && (r.Event.Bytes != uploadSize || r.Event.BodyDigest != lab.uploaded) {
			t.Errorf("it ended as %+v, and arrived as %s", r.Event, lab.uploaded)
		}
		lab.mu.Unlock()
	}
	if strings.Join(ends, " ") != "complete limit" {
		t.Errorf("the journal has the ends %q", ends)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }
