package obligation

import (
	"errors"
	"fmt"
	"mime"
	"slices"
	"strings"

	"github.com/wardgate/wardgate/internal/strictjson"
	"github.com/wardgate/wardgate/pdp"
)

// A Mask is what the enforcement point takes out of the answer of an
// application that knows nothing of Wardgate.
type Mask struct {
	Pointers []strictjson.Pointer
	Pass     []string // media types that go out whole: a picture has no members
}

// mask adds an obligation to what was asked for before. Pointers add up; a
// media type passes when all of them let it pass.
func mask(o *pdp.Obligation, e *Effects) error {
	var p struct {
		Pointers []string `json:"pointers"`
		Pass     []string `json:"pass"`
	}
	if err := exactly(o.Properties, &p); err != nil {
		return errors.New("properties: expected pointers, and media types to pass")
	}
	pointers, err := strictjson.ParsePointers(p.Pointers)
	if err != nil {
		return fmt.Errorf("properties: pointers: %w", err)
	}
	if slices.ContainsFunc(p.Pass, func(kind string) bool { return !mayPass(kind) }) {
		return errors.New("properties: pass: expected media types such as image/png, application/pdf: pictures, sound, pages")
	}
	if e.Mask == nil {
		e.Mask = &Mask{Pointers: pointers, Pass: p.Pass}
		return nil
	}
	e.Mask = &Mask{
		Pointers: append(slices.Clone(e.Mask.Pointers), pointers...),
		Pass: slices.DeleteFunc(slices.Clone(e.Mask.Pass), func(kind string) bool {
			return !slices.Contains(p.Pass, kind)
		}),
	}
	return nil
}

// mayPass accepts what holds pictures, sound or pages. Media types in which
// masked members could stand in another spelling are refused.
func mayPass(kind string) bool {
	plain, _, err := mime.ParseMediaType(kind)
	if err != nil || plain != kind || strings.HasSuffix(kind, "xml") || strings.Contains(kind, "*") {
		return false
	}
	family, _, _ := strings.Cut(kind, "/")
	return slices.Contains([]string{"image", "audio", "video", "font"}, family) || kind == "application/pdf"
}
