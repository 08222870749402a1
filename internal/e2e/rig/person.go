package rig

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
)

// Browser is the User-Agent that everybody in a World has.
const Browser = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

// DemoPassword opens every account of the demo.
const DemoPassword = "Wardgate-demo-2026"

type Pair struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	Device  string `json:"device"`
}

// SignIn logs in with more members in the two bodies.
func (p *Person) SignIn(device string, location map[string]any) (Pair, *Answer) {
	p.World.T.Helper()
	email := p.Name + "@demo.hospital.test"
	first := map[string]any{"email": email, "password": DemoPassword}
	if device != "" {
		first["device"] = device
	}
	a := p.Post("/auth/login", first)
	if a.Status != http.StatusOK {
		return Pair{}, a
	}
	var challenge struct{ Challenge string }
	a.Into(&challenge)
	second := map[string]any{"challenge": challenge.Challenge, "code": p.World.NewestCode(email)}
	if device != "" {
		second["device"] = device
	}
	if location != nil {
		second["location"] = location
	}
	a = p.Post("/auth/login/verify", second)
	var got Pair
	if a.Status == http.StatusOK {
		a.Into(&got)
	}
	return got, a
}

func WrongPassword(name string) map[string]string {
	return map[string]string{"email": name + "@demo.hospital.test", "password": "not-the-password"}
}

type user struct {
	ID          string `json:"id"`
	Username    string `json:"username"`
	Standing    string `json:"standing"`
	BannedUntil string `json:"banned_until"`
	BanReason   string `json:"ban_reason"`
}

func (p *Person) User(name string) user {
	p.World.T.Helper()
	var page struct{ Items []user }
	p.Get("/api/admin/users").Is(http.StatusOK).Into(&page)
	for _, u := range page.Items {
		if u.Username == name {
			return u
		}
	}
	p.World.T.Fatalf("no user %s", name)
	return user{}
}

// AddPatient has a doctor add a patient, and returns number and enrolment code.
func (p *Person) AddPatient(name string) (id, number, code string) {
	p.World.T.Helper()
	var added struct {
		ID, Number string
		Code       string `json:"enrolment_code"`
	}
	p.Post("/api/patients", map[string]string{
		"name": name, "contact": "invented", "national_id": "X-" + name, "purpose_of_visit": "check-up",
	}).Is(201).Into(&added)
	return added.ID, added.Number, added.Code
}

// A person is somebody with, or without, a session.
type Person struct {
	World *World
	Name  string
	Token string
	Via   string // local address to call from, "" for any
	Host  string // to ask, "" for the one that listens
}

func (p *Person) LogIn() {
	p.World.T.Helper()
	email := p.email()
	var challenge struct{ Challenge string }
	p.Token = ""
	p.Post("/auth/login", map[string]string{"email": email, "password": "Wardgate-demo-2026"}).Is(200).Into(&challenge)
	var tokens struct {
		AccessToken string `json:"access_token"`
	}
	p.Post("/auth/login/verify", map[string]string{"challenge": challenge.Challenge, "code": p.World.NewestCode(email)}).
		Is(200).Into(&tokens)
	p.Token = tokens.AccessToken
}

// email is where codes go: of one of the demo's people, or of the account that
// LogInAs logged in by it.
func (p *Person) email() string {
	if strings.Contains(p.Name, "@") {
		return p.Name
	}
	return p.Name + "@demo.hospital.test"
}

// SteppedUp is the same person with a fresh factor.
func (p *Person) SteppedUp() *Person {
	p.World.T.Helper()
	var challenge struct{ Challenge string }
	p.Post("/auth/step-up", nil).Is(200).Into(&challenge)
	var tokens struct {
		AccessToken string `json:"access_token"`
	}
	p.Post("/auth/step-up/verify", map[string]string{
		"challenge": challenge.Challenge, "code": p.World.NewestCode(p.email()),
	}).Is(200).Into(&tokens)
	return &Person{World: p.World, Name: p.Name, Token: tokens.AccessToken, Via: p.Via}
}

func (p *Person) Get(path string) *Answer { return p.Do("GET", path, nil) }

func (p *Person) Post(path string, body any) *Answer { return p.Do("POST", path, body) }

func (p *Person) Put(path string, body any) *Answer { return p.Do("PUT", path, body) }

func (p *Person) Remove(path string) *Answer { return p.Do("DELETE", path, nil) }

// Do sends one request. A body that is already bytes is sent as it is.
func (p *Person) Do(method, path string, body any) *Answer {
	p.World.T.Helper()
	return p.Send(p.Request(method, path, body))
}

func (p *Person) Request(method, path string, body any) *http.Request {
	p.World.T.Helper()
	var raw []byte
	switch b := body.(type) {
	case nil:
	case []byte:
		raw = b
	default:
		var err error
		if raw, err = json.Marshal(body); err != nil {
			p.World.T.Fatal(err)
		}
	}
	r, err := http.NewRequest(method, p.World.Process.Address()+path, bytes.NewReader(raw))
	if err != nil {
		p.World.T.Fatal(err)
	}
	r.Header.Set("User-Agent", Browser)
	if len(raw) > 0 {
		r.Header.Set("Content-Type", "application/json")
	}
	if p.Token != "" {
		r.Header.Set("Authorization", "Bearer "+p.Token)
	}
	return r
}

// Send sends a request. A machine that is too busy to decide in time denies
// and forwards nothing: the request is then sent again once, as a client would,
// and counted.
func (p *Person) Send(r *http.Request) *Answer {
	p.World.T.Helper()
	a := p.SendOnce(r)
	if !a.Late() {
		return a
	}
	if r.GetBody != nil {
		body, err := r.GetBody()
		if err != nil {
			p.World.T.Fatal(err)
		}
		r.Body = body
	}
	return p.SendOnce(r)
}

func (p *Person) SendOnce(r *http.Request) *Answer {
	p.World.T.Helper()
	asked.Add(1)
	client := http.DefaultClient
	r.Host = cmp.Or(p.Host, r.Host)
	if p.Via != "" {
		dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(p.Via)}}
		client = &http.Client{Transport: &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true}}
	}
	res, err := client.Do(r)
	if err != nil {
		p.World.T.Fatal(err)
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	if err != nil {
		p.World.T.Fatal(err)
	}
	return &Answer{
		t: p.World.T, What: fmt.Sprintf("%s: %s %s", p.Name, r.Method, r.URL.Path),
		Status: res.StatusCode, Header: res.Header, Body: got,
	}
}

type item struct {
	ID         string   `json:"id"`
	DoctorID   string   `json:"doctor_id"`
	Department string   `json:"department_id"`
	Withheld   []string `json:"withheld"`
}

// Items reads a whole list, page by page.
func (p *Person) Items(path string) []item {
	p.World.T.Helper()
	var all []item
	next := path
	for {
		var page struct {
			Items []item
			Next  *string
		}
		p.Get(next).Is(200).Into(&page)
		all = append(all, page.Items...)
		if page.Next == nil || *page.Next == "" {
			return all
		}
		next = path + "?after=" + *page.Next
	}
}

type me struct {
	ID      string `json:"id"`
	Staff   string `json:"staff_id"`
	Patient string `json:"patient_id"`
}

func (p *Person) Me() me {
	p.World.T.Helper()
	var m me
	p.Get("/api/me").Is(200).Into(&m)
	return m
}

// Through is the same person at another enforcement point.
func (p *Person) Through(w *World) *Person { return &Person{World: w, Name: p.Name, Token: p.Token} }

// begin sends a request whose answer may take as long as it likes.
func (p *Person) begin(path string) *http.Response {
	p.World.T.Helper()
	asked.Add(1)
	res, err := http.DefaultClient.Do(p.Request("GET", path, nil))
	if err != nil {
		p.World.T.Fatal(err)
	}
	return res
}

// Read reads the first line of an answer that goes on.
func (p *Person) Read(path string) *reading {
	p.World.T.Helper()
	res := p.begin(path)
	if a := (&Answer{Status: res.StatusCode}); a.Status == http.StatusServiceUnavailable {
		var err error
		if a.Body, err = ReadAndClose(res); err != nil || !a.Late() {
			p.World.T.Fatalf("%s: got %d %s, %v", path, a.Status, a.Body, err)
		}
		res = p.begin(path)
	}
	r := &reading{t: p.World.T, body: bufio.NewReader(res.Body), Close: res.Body.Close}
	p.World.T.Cleanup(func() { _ = r.Close() })
	if line, err := r.body.ReadString('\n'); res.StatusCode != http.StatusOK || err != nil || line != "line\n" {
		p.World.T.Fatalf("%s: got %d %q, %v", path, res.StatusCode, line, err)
	}
	return r
}

// To is the same person at another enforcement point.
func (p *Person) To(w *World) *Person {
	return &Person{World: w, Name: p.Name, Token: p.Token, Via: p.Via}
}

// Order has a doctor order something for the patient, which is planned and not
// yet given, and returns its id.
func (p *Person) Order(patient string) string {
	p.World.T.Helper()
	var made struct{ ID string }
	p.Post("/api/patients/"+patient+"/services", map[string]string{
		"medication_name": "Fictivol", "dosage_instructions": "one a day", "treatment_details": "rest", "kind": "medication",
	}).Is(201).Into(&made)
	return made.ID
}
