//go:build browser

package browser_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/e2e/rig"
)

// imagingOverlay is the rule book of docs/protect-an-application.md.
const imagingOverlay = "../../../deploy/imaging/overlay"

// An orthanc is a real imaging server, with one image in a study.
type orthanc struct {
	t       *testing.T
	address string
	file    []byte // of an instance that it does not hold
	study   string
}

const orthancUser, orthancPassword = "wardgate", "invented-for-a-test"

// startOrthanc starts Debian's, which asks every caller for the enforcement point's password.
func startOrthanc(t *testing.T) *orthanc {
	t.Helper()
	program, err := exec.LookPath("Orthanc")
	if err != nil {
		program = "/usr/sbin/Orthanc"
		if _, err := os.Stat(program); err != nil {
			t.Skip("NOT RUN: a real imaging server: Orthanc is not installed")
		}
	}
	address, err := net.ResolveTCPAddr("tcp", rig.Port(t))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	settings, err := json.Marshal(map[string]any{
		"Name": "imaging", "StorageDirectory": dir, "IndexDirectory": dir, "HttpPort": address.Port, "DicomServerEnabled": false,
		"RemoteAccessAllowed": false, "AuthenticationEnabled": true, "RegisteredUsers": map[string]string{orthancUser: orthancPassword},
		"WebDavEnabled": false, "Plugins": []string{},
	})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "orthanc.json")
	if err := os.WriteFile(file, settings, 0o600); err != nil {
		t.Fatal(err)
	}
	server := exec.Command(program, file)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Process.Kill(); _ = server.Wait() })
	o := &orthanc{t: t, address: fmt.Sprintf("http://127.0.0.1:%d", address.Port)}
	rig.Until(t, "Orthanc to answer", func() bool {
		res, err := http.Get(o.address + "/system")
		if err != nil {
			return false
		}
		_ = res.Body.Close()
		return res.StatusCode == http.StatusUnauthorized
	})
	o.draw()
	return o
}

// ask asks the server itself, past Wardgate.
func (o *orthanc) ask(method, path, body string) []byte {
	o.t.Helper()
	r, err := http.NewRequest(method, o.address+path, strings.NewReader(body))
	if err != nil {
		o.t.Fatal(err)
	}
	r.SetBasicAuth(orthancUser, orthancPassword)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		o.t.Fatal(err)
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		o.t.Fatalf("Orthanc, %s %s: %d %s, %v", method, path, res.StatusCode, got, err)
	}
	return got
}

// draw has the server make an image of an invented patient, and takes it away again.
func (o *orthanc) draw() {
	o.t.Helper()
	pixel, err := base64.StdEncoding.DecodeString("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==")
	if err != nil {
		o.t.Fatal(err)
	}
	var made struct{ ID, ParentStudy string }
	tags := `{"Tags":{"PatientName":"INVENTED^ANNA","PatientID":"X-1","StudyDescription":"CHEST","Modality":"CR"},"Content":"data:image/png;base64,` +
		base64.StdEncoding.EncodeToString(pixel) + `"}`
	if err := json.Unmarshal(o.ask("POST", "/tools/create-dicom", tags), &made); err != nil {
		o.t.Fatal(err)
	}
	o.file, o.study = o.ask("GET", "/instances/"+made.ID+"/file", ""), made.ParentStudy
	if o.study == "" {
		var of struct{ ID string }
		if err := json.Unmarshal(o.ask("GET", "/instances/"+made.ID+"/study", ""), &of); err != nil {
			o.t.Fatal(err)
		}
		o.study = of.ID
	}
	o.ask("DELETE", "/instances/"+made.ID, "")
}

// instances are those that the server holds.
func (o *orthanc) instances() (ids []string) {
	o.t.Helper()
	if err := json.Unmarshal(o.ask("GET", "/instances", ""), &ids); err != nil {
		o.t.Fatal(err)
	}
	return ids
}

// TestAnImagingServerIsProtected is docs/protect-an-application.md: a doctor logs in, adds
// an image, and looks at it, in the pages that the server has; one study gets a rule of its
// own; and what is revoked while it is looked at shows nothing more.
func TestAnImagingServerIsProtected(t *testing.T) {
	o := startOrthanc(t)
	overlay := filepath.Join(t.TempDir(), "overlay")
	if err := os.CopyFS(overlay, os.DirFS(imagingOverlay)); err != nil {
		t.Fatal(err)
	}
	secret := filepath.Join(t.TempDir(), "orthanc.user")
	if err := os.WriteFile(secret, []byte(orthancUser+":"+orthancPassword+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w, home := houseAt(t, homeName, func(c *config.Config) {
		c.Policy.Overlay, c.Applications = overlay, rig.At("imaging", o.address)
		c.Applications[0].Hosts, c.Applications[0].Credentials.BasicFile = []string{imagingName}, secret
	})
	imaging := strings.Replace(home, homeName, imagingName, 1)

	// Log in, and be where one wanted to be.
	b := open(t, imaging).ofAnother().visit("/").logIn(w, "doctor").isAtAddress(imaging + "/app/explorer.html")

	// Add an image by the page's own uploader.
	b.visit("/app/explorer.html#upload")
	b.script(fmt.Sprintf(`new Promise((done) => {
		const bytes = Uint8Array.from(atob(%q), (c) => c.charCodeAt(0));
		$('#fileupload').bind('fileuploadstop', () => done('sent'));
		$('#fileupload').fileupload('add', {files: [new File([bytes], 'chest.dcm')]});
		$('#upload-button').click();
	})`, base64.StdEncoding.EncodeToString(o.file)))
	held := o.instances()
	if len(held) != 1 {
		t.Fatalf("the server holds %d images, want the one that was added; the page says %q", len(held), b.script(`Promise.resolve($('#progress .label').text())`))
	}
	if got := o.ask("GET", "/instances/"+held[0]+"/file", ""); !bytes.Equal(got, o.file) {
		t.Error("the image is not the one that was sent")
	}

	// Look at it.
	b.visit("/app/explorer.html#study?uuid=" + o.study).waits("INVENTED").waits("CHEST")
	preview := fmt.Sprintf(`fetch("/instances/%s/preview").then((r) => r.status + " " + r.headers.get("Content-Type"))`, held[0])
	if got := b.script(preview); got != "200 image/png" {
		t.Errorf("its preview: got %s", got)
	}
	study := fmt.Sprintf(`fetch("/studies/%s").then((r) => "" + r.status)`, o.study)
	if got := b.script(study); got != "200" {
		t.Errorf("the study: got %s", got)
	}

	if got := b.script(`fetch("/instances").then((r) => r.text()).then((all) => "" + JSON.parse(all).length)`); got != "1" {
		t.Errorf("the list of images: got %s", got)
	}

	// What has no row stays closed.
	for _, asked := range []string{
		`fetch("/studies/` + o.study + `", {method: "DELETE"})`,
		`fetch("/studies/` + o.study + `/anonymize", {method: "POST"})`,
		`fetch("/tools/execute-script", {method: "POST", body: "print(1)"})`,
		`fetch("/instances/` + held[0] + `/preview", {method: "PUT", body: ""})`,
	} {
		if got := b.script(asked + `.then((r) => "" + r.status)`); got != "405" {
			t.Errorf("%s: got %s, want 405", asked, got)
		}
	}

	// One study gets a rule of its own.
	rows := filepath.Join(overlay, "authz/tables/imaging.rego")
	rig.EditFile(t, rows, "routes := [", fmt.Sprintf("routes := [\n\t{\"method\": \"GET\", \"path\": \"/studies/%s\", \"application\": \"imaging\", \"action\": \"imaging.view_sealed\", \"resource\": \"image\", \"body\": \"none\"},", o.study))
	rig.EditFile(t, rows, "actions := {", "actions := {\n\t\"imaging.view_sealed\": {\"right\": \"View sealed images\", \"changes\": true},")
	rig.EditFile(t, rows, "rights := {", "rights := {\n\t\"View sealed images\": {\"nurse\": \"any\"},")
	rig.Until(t, "the study to be closed to doctors", func() bool { return b.script(study) == "403" })
	if got := b.script(preview); got != "200 image/png" {
		t.Errorf("what the rule is not about: got %s", got)
	}

	// Revoked while looking: the page shows nothing more, and leads to the log-in.
	w.As("doctor").Post("/auth/logout-all", nil).Is(204)
	rig.Until(t, "the session to end", func() bool { return strings.HasPrefix(b.script(preview), "401") })
	b.visit("/app/explorer.html").isAt("/login")
}

// ofAnother says that what the tab looks at was written by others.
func (b *tab) ofAnother() *tab {
	b.foreign = true
	return b
}

// waits waits for a text to be there.
func (b *tab) waits(text string) *tab {
	b.t.Helper()
	b.run("wait for "+text, chromedp.WaitVisible(fmt.Sprintf(`//*[contains(text(), %q)]`, text)))
	return b
}
