package pep_test

import (
	"strconv"
	"strings"
	"testing"
)

const formType = "Content-Type: application/x-www-form-urlencoded"

// form sends a body to the route that takes forms.
func form(body string, lines ...string) string {
	return request("POST", "/form", body, append(lines, "Content-Length: "+strconv.Itoa(len(body)))...)
}

func goodForm(name, body string) bypass {
	return bypass{name, form(body, formType), 200, []string{"POST /form"}}
}

func badForm(name, body string) bypass { return bypass{name, form(body, formType), 400, nil} }

func TestUnambiguousFormsPass(t *testing.T) {
	runBypasses(t, []bypass{
		goodForm("fields", "email=a%40b.test&password=x+y&empty="),
		goodForm("words in Arabic", "name=%D8%B9%D9%85%D8%B1"),
		goodForm("lines of a text", "text=one%0D%0Atwo%09three"),
		goodForm("escapes in small letters", "a=%c3%a4"),
		goodForm("separators as values", "a=%26%3D%3B%2B%25"),
		goodForm("what browsers leave as it is", "a=*-._09azAZ~"),
		goodForm("nothing", ""),
		goodForm("256 fields", fields(256)),
		{"other case of the type", form("a=1", "Content-Type: Application/X-WWW-Form-Urlencoded; charset=UTF-8"), 200, []string{"POST /form"}},
	})
}

func TestAmbiguousFormsAreRefused(t *testing.T) {
	runBypasses(t, []bypass{
		badForm("name twice", "role=nurse&role=doctor"),
		badForm("name twice, escaped", "role=nurse&r%6Fle=doctor"),
		badForm("name in another case", "role=nurse&ROLE=doctor"),
		badForm("kelvin sign folds to k", "key=1&%E2%84%AAey=2"),
		badForm("name with a blank", "role=nurse&role+=doctor"),
		badForm("no name", "=1"),
		badForm("no sign of equality", "role"),
		badForm("ampersand at the end", "a=1&"),
		badForm("two ampersands", "a=1&&b=2"),
		badForm("semicolon", "a=1;b=2"),
		badForm("second sign of equality", "a=1=2"),
		badForm("broken escape", "a=%4"),
		badForm("escape of no digits", "a=%zz"),
		badForm("escape of 16 bits", "a=%u0041"),
		badForm("broken UTF-8", "a=%FF"),
		badForm("overlong UTF-8", "a=%C0%AF"),
		badForm("surrogate", "a=%ED%A0%80"),
		badForm("nul in a value", "a=%00"),
		badForm("nul in a name", "a%00b=1"),
		badForm("line feed in a name", "a%0Ab=1"),
		badForm("raw line feed", "a=1\n"),
		badForm("raw blank", "a=1 2"),
		badForm("raw byte above ASCII", "a=\xc3\xa4"),
		badForm("byte order mark", "\xef\xbb\xbfa=1"),
		badForm("brackets as they are", "a[]=1"),
		badForm("method override", "_method=DELETE"),
		badForm("method override, any case and blanks", "+_METHOD=DELETE"),
		badForm("method override, as PHP reads it", ".method=DELETE"),
		badForm("method override, as Rack reads it", "%5D_method=DELETE"),
		badForm("method override, as qs reads it", "%5B_method%5D=DELETE"),
		badForm("a name as PHP reads another", "user.role=nurse&user_role=doctor"),
		badForm("a name as PHP reads an open bracket", "user_role=nurse&user%5Brole=doctor"),
		badForm("a name as qs reads another", "role=nurse&%5Brole%5D=doctor"),
		badForm("a field and a list of one name", "role=nurse&role%5B%5D=doctor"),
		badForm("a list and a field of one name", "role%5B0%5D=nurse&ROLE=doctor"),
		badForm("another character set", "_charset_=utf-7"),
		badForm("JSON", `{"a":1}`),
		badForm("parts", "--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--x--"),
		badForm("257 fields", fields(257)),
	})
}

func fields(n int) string {
	all := make([]string, n)
	for i := range all {
		all[i] = "f" + strconv.Itoa(i) + "=1"
	}
	return strings.Join(all, "&")
}

func TestARouteTakesItsOwnClassOfBodyAlone(t *testing.T) {
	runBypasses(t, []bypass{
		{"JSON where a form is taken", form(`{"a":1}`, jsonType), 415, nil},
		{"parts where a form is taken", form("a=1", "Content-Type: multipart/form-data; boundary=x"), 415, nil},
		{"text where a form is taken", form("a=1", "Content-Type: text/plain"), 415, nil},
		{"a form of no type", form("a=1"), 415, nil},
		{"a form in another character set", form("a=1", formType+"; charset=iso-8859-1"), 415, nil},
		{"a form that is packed", form("a=1", formType, "Content-Encoding: gzip"), 415, nil},
		{"a form where none is taken", request("GET", "/info", "a=1", formType, "Content-Length: 3"), 400, nil},
		{"a form that is too large", form("a="+strings.Repeat("x", bodyLimit-1), formType), 413, nil},
		{"a form of the largest size", form("a="+strings.Repeat("x", bodyLimit-2), formType), 200, []string{"POST /form"}},
	})
}
