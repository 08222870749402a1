package pages

import (
	"fmt"
	"strings"

	"github.com/boombuler/barcode/qr"
)

// quiet is the white edge around a QR code, in modules (ISO/IEC 18004, section 5.3.8).
const quiet = 4

// A picture is a QR code as one path of an SVG image, a square of one unit for each dark
// module. Side is how many units it is wide, with the edge.
type picture struct {
	Side int
	Path string
}

// pictureOf draws a text, which is at most a few hundred bytes.
func pictureOf(text string) (*picture, error) {
	code, err := qr.Encode(text, qr.M, qr.Unicode)
	if err != nil {
		return nil, fmt.Errorf("draw a QR code: %w", err)
	}
	bounds := code.Bounds()
	var path strings.Builder
	for y := range bounds.Dy() {
		for x := range bounds.Dx() {
			if r, _, _, _ := code.At(bounds.Min.X+x, bounds.Min.Y+y).RGBA(); r == 0 {
				fmt.Fprintf(&path, "M%d %dh1v1h-1z", x+quiet, y+quiet)
			}
		}
	}
	return &picture{Side: bounds.Dx() + 2*quiet, Path: path.String()}, nil
}
