package pep_test

import (
	"strings"
	"testing"
)

const partsType = "multipart/form-data; boundary=xYz"

// parts writes a form in parts, each with its head, two ends of lines, and its content.
func parts(list ...string) string {
	var b strings.Builder
	for _, p := range list {
		b.WriteString("--xYz\r\n" + p + "\r\n")
	}
	return b.String() + "--xYz--\r\n"
}

func field(name, value string) string {
	return "Content-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value
}

func file(name, content string) string {
	return "Content-Disposition: form-data; name=\"" + name + "\"; filename=\"Bild ä.png\"\r\nContent-Type: image/png\r\n\r\n" + content
}

func TestUnambiguousFormsInPartsPass(t *testing.T) {
	runBodies(t, "multipart", []posted{
		{"fields and a file", parts(field("name", "Ä\r\nb"), field("empty", ""), file("scan", "\x89PNG\r\n\r\n\x00--xY\n-- xYz")), partsType, 200},
		{"no field", "--xYz--\r\n", partsType, 200},
		{"no end of line behind", "--xYz\r\n" + field("a", "1") + "\r\n--xYz--", partsType, 200},
		{"a boundary in quotation marks", parts(field("a", "1")), `multipart/form-data; boundary="xYz"`, 200},
		{"another case of the type", parts(field("a", "1")), "Multipart/Form-Data;Boundary=xYz", 200},
		{"several files of one name", parts(file("scan", "1"), file("scan", "2")), partsType, 200},
		{"names as tokens", parts("content-disposition: form-data; name=a; filename=b.txt\r\n\r\n1"), partsType, 200},
		{"a field with a type", parts("Content-Type: text/plain; charset=UTF-8\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1"), partsType, 200},
		{"nothing", "", "", 200},
	})
}

func TestAmbiguousFormsInPartsAreRefused(t *testing.T) {
	one := field("a", "1")
	runBodies(t, "multipart", []posted{
		{"a name twice", parts(field("role", "nurse"), field("role", "doctor")), partsType, 400},
		{"a name in another case", parts(field("role", "nurse"), field("ROLE", "doctor")), partsType, 400},
		{"a kelvin sign folds to k", parts(field("key", "1"), field("\u212aey", "2")), partsType, 400},
		{"a field and a file of one name", parts(field("scan", "1"), file("scan", "2")), partsType, 400},
		{"a file and a field of one name", parts(file("scan", "2"), field("scan", "1")), partsType, 400},
		{"a method", parts(field("_method", "DELETE")), partsType, 400},
		{"a method as PHP reads it", parts(field(".method", "DELETE")), partsType, 400},
		{"a method as Rack reads it", parts(field("[_method", "DELETE")), partsType, 400},
		{"a field and a list of one name", parts(field("role", "nurse"), field("role[]", "doctor")), partsType, 400},
		{"a list and a field of one name", parts(file("scan[]", "nurse"), file("scan", "doctor")), partsType, 400},
		{"a name as PHP reads another", parts(field("user.role", "nurse"), field("user_role", "doctor")), partsType, 400},
		{"another character set", parts(field("_charset_", "utf-7")), partsType, 400},
		{"a preamble", "x\r\n" + parts(one), partsType, 400},
		{"an end of line before", "\r\n" + parts(one), partsType, 400},
		{"an epilogue", parts(one) + "x", partsType, 400},
		{"a second form behind the end", parts(one) + parts(field("b", "2")), partsType, 400},
		{"an empty line behind", parts(one) + "\r\n", partsType, 400},
		{"no end", "--xYz\r\n" + one + "\r\n--xYz\r\n", partsType, 400},
		{"cut", strings.TrimSuffix(parts(one), "-\r\n"), partsType, 400},
		{"bare ends of lines", strings.ReplaceAll(parts(one), "\r\n", "\n"), partsType, 400},
		{"one bare end of line before a boundary", "--xYz\r\n" + one + "\n--xYz--\r\n", partsType, 400},
		{"one bare end of line behind a boundary", "--xYz\n" + one + "\r\n--xYz--\r\n", partsType, 400},
		{"the boundary inside of a line", parts(field("a", "1 --xYz 2")), partsType, 400},
		{"the boundary behind a bare line feed", parts(file("a", "1\n--xYz\nContent-Disposition: form-data; name=b\n\n2")), partsType, 400},
		{"a longer boundary", parts(file("a", "1\r\n--xYzz\r\n2")), partsType, 400},
		{"blanks behind a boundary", "--xYz \r\n" + one + "\r\n--xYz--\r\n", partsType, 400},
		{"blanks behind the end", "--xYz\r\n" + one + "\r\n--xYz-- \r\n", partsType, 400},
		{"another boundary", parts(one), "multipart/form-data; boundary=xYy", 400},
		{"a coding", parts("Content-Transfer-Encoding: base64\r\n" + one), partsType, 400},
		{"a coding of nothing", parts("Content-Transfer-Encoding: 8bit\r\n" + one), partsType, 400},
		{"a length", parts("Content-Length: 1\r\n" + one), partsType, 400},
		{"a folded line", parts("Content-Disposition: form-data;\r\n name=\"a\"\r\n\r\n1"), partsType, 400},
		{"no line", parts("\r\n1"), partsType, 400},
		{"no name", parts("Content-Disposition: form-data\r\n\r\n1"), partsType, 400},
		{"an empty name", parts(field("", "1")), partsType, 400},
		{"a name with a blank", parts(field("a ", "1")), partsType, 400},
		{"an attachment", parts("Content-Disposition: attachment; name=\"a\"\r\n\r\n1"), partsType, 400},
		{"two names", parts("Content-Disposition: form-data; name=\"a\"; name=\"b\"\r\n\r\n1"), partsType, 400},
		{"said twice", parts("Content-Disposition: form-data; name=\"a\"\r\nContent-Disposition: form-data; name=\"b\"\r\n\r\n1"), partsType, 400},
		{"a name within a name", parts("Content-Disposition: form-data; name=\"a; name=b\"\r\n\r\n1"), partsType, 400},
		{"an escaped quotation mark", parts("Content-Disposition: form-data; name=\"a\\\"; filename=\\\"b\"\r\n\r\n1"), partsType, 400},
		{"a file's name in two ways", parts("Content-Disposition: form-data; name=\"a\"; filename=\"b\"; filename*=utf-8''c\r\n\r\n1"), partsType, 400},
		{"a name by RFC 2231", parts("Content-Disposition: form-data; name*=utf-8''a\r\n\r\n1"), partsType, 400},
		{"a blank before the colon", parts("Content-Disposition : form-data; name=\"a\"\r\n\r\n1"), partsType, 400},
		{"parts within a part", parts("Content-Disposition: form-data; name=\"a\"; filename=\"\"\r\nContent-Type: multipart/mixed; boundary=q\r\n\r\n--q--"), partsType, 400},
		{"a field in another character set", parts("Content-Type: text/plain; charset=utf-16\r\n" + one), partsType, 400},
		{"broken UTF-8 in a field", parts(field("a", "\xff")), partsType, 400},
		{"nul in a field", parts(field("a", "\x00")), partsType, 400},
		{"broken UTF-8 in a name", parts(field("a\xff", "1")), partsType, 400},
		{"a head without an end", parts("Content-Disposition: form-data; name=\"a\""), partsType, 400},
		{"a head that is too long", parts("Content-Disposition: form-data; name=\"" + strings.Repeat("a", 2<<10) + "\"\r\n\r\n1"), partsType, 400},
		{"257 parts", parts(strings.Split(strings.Repeat(file("a", "1")+"|", 257), "|")[:257]...), partsType, 400},
		{"no boundary", parts(one), "multipart/form-data", 415},
		{"two boundaries", parts(one), "multipart/form-data; boundary=xYz; boundary=q", 415},
		{"a boundary and more", parts(one), "multipart/form-data; boundary=xYz; charset=utf-8", 415},
		{"a boundary in halves", parts(one), "multipart/form-data; boundary*0=xY; boundary*1=z", 415},
		{"a boundary that ends in a blank", parts(one), `multipart/form-data; boundary="xYz "`, 415},
		{"a boundary with a comma", parts(one), "multipart/form-data; boundary=xYz,q", 415},
		{"a boundary that is open", parts(one), `multipart/form-data; boundary="xYz`, 415},
		{"an empty boundary", parts(one), "multipart/form-data; boundary=", 415},
		{"other parts", parts(one), "multipart/mixed; boundary=xYz", 415},
		{"a form", "a=1", "application/x-www-form-urlencoded", 415},
	})
}
