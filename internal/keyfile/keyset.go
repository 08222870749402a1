package keyfile

import (
	"bytes"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	tinkpb "github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"
)

// ReadKeyset returns the keyset in a file. An error that is fs.ErrNotExist says
// that there is none.
func ReadKeyset(path string) (*keyset.Handle, error) {
	content, err := Read(path)
	if err != nil {
		return nil, err
	}
	return parse(path, content)
}

// OpenKeyset is ReadKeyset, and makes a keyset of one new key first when there
// is no file.
func OpenKeyset(path string, template *tinkpb.KeyTemplate) (*keyset.Handle, error) {
	content, err := ReadOrMake(path, func() ([]byte, error) {
		h, err := keyset.NewHandle(template)
		if err != nil {
			return nil, err
		}
		return EncodeKeyset(h)
	})
	if err != nil {
		return nil, err
	}
	return parse(path, content)
}

// EncodeKeyset is what a file holds for a keyset.
func EncodeKeyset(h *keyset.Handle) ([]byte, error) {
	var content bytes.Buffer
	err := insecurecleartextkeyset.Write(h, keyset.NewJSONWriter(&content))
	return content.Bytes(), err
}

// parse never passes on the reader's own error, which may quote the file.
func parse(path string, content []byte) (*keyset.Handle, error) {
	h, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(content)))
	if err != nil {
		return nil, fmt.Errorf("%s: it is no keyset that can be read; restore it from a backup", path)
	}
	for _, one := range insecurecleartextkeyset.KeysetMaterial(h).GetKey() {
		if monotonous(one.GetKeyData().GetValue()) {
			return nil, fmt.Errorf("%s: %w", path, ErrWeak)
		}
	}
	return h, nil
}

// monotonous reports whether a serialized key has sixteen bytes in a row that are
// no random ones.
func monotonous(value []byte) bool {
	const row = 16
	for i := 0; i+row <= len(value); i++ {
		if part := value[i : i+row]; repeats(part) || counts(part) {
			return true
		}
	}
	return len(value) < row
}
