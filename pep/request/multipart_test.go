package request_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/request"
)

// What the standard library writes passes, and what passes is read by it as one form:
// whatever is changed in its bytes.
func TestFormsInPartsAreReadAsTheyWereJudged(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	passed := 0
	for round := range 4000 {
		var b bytes.Buffer
		w := multipart.NewWriter(&b)
		for i := range 1 + random.IntN(3) {
			var to io.Writer
			if random.IntN(2) == 0 {
				to, _ = w.CreateFormField(fmt.Sprint("f", i))
			} else {
				to, _ = w.CreateFormFile(fmt.Sprint("f", i%2, "file"), "a.bin")
			}
			_, _ = io.WriteString(to, []string{"", "x", "\r\n", "--", "text\r\n\r\ntext"}[random.IntN(5)])
		}
		_ = w.Close()
		body := b.Bytes()
		if whole := round%4 == 0; !whole && len(body) > 0 {
			at := random.IntN(len(body))
			switch random.IntN(3) {
			case 0:
				body[at] = []byte("\r\n-;=\" a:")[random.IntN(9)]
			case 1:
				body = append(body[:at], body[min(len(body), at+1+random.IntN(4)):]...)
			default:
				body = append(append(append([]byte(nil), body[:at]...), body[at:min(len(body), at+30)]...), body[at:]...)
			}
		}
		r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body))
		r.Header.Set("Content-Type", w.FormDataContentType())
		_, refused := request.ReadBody(httptest.NewRecorder(), r, pdp.BodyMultipart, 1<<20)
		if refused != "" {
			if round%4 == 0 {
				t.Fatalf("%q: refused: %s", body, refused)
			}
			continue
		}
		passed++
		again := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body))
		again.Header.Set("Content-Type", w.FormDataContentType())
		if len(body) == 0 {
			continue
		}
		if err := again.ParseMultipartForm(1 << 20); err != nil {
			t.Fatalf("%q passed: %v", body, err)
		}
		for name, values := range again.MultipartForm.Value {
			if len(values) != 1 {
				t.Fatalf("%q passed: %s has %d values", body, name, len(values))
			}
		}
	}
	if passed < 1000 {
		t.Errorf("%d forms passed", passed)
	}
}
