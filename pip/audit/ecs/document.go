package ecs

// A document is what leaves. Its members follow ECS by name; fields.go says of
// what type each is.
type document struct {
	Timestamp  string            `json:"@timestamp"`
	ECS        version           `json:"ecs"`
	DataStream stream            `json:"data_stream"`
	Event      event             `json:"event"`
	Service    service           `json:"service"`
	Labels     map[string]string `json:"labels"`
	User       *user             `json:"user,omitempty"`
	UserAgent  *agent            `json:"user_agent,omitempty"`
	Source     *source           `json:"source,omitempty"`
	Rule       *rule             `json:"rule,omitempty"`
	HTTP       *exchange         `json:"http,omitempty"`
	URL        *location         `json:"url,omitempty"`
	Related    *related          `json:"related,omitempty"`
	Wardgate   extension         `json:"wardgate"`
}

type version struct {
	Version string `json:"version"`
}

type stream struct {
	Type      string `json:"type"`
	Dataset   string `json:"dataset"`
	Namespace string `json:"namespace"`
}

type event struct {
	ID       string   `json:"id"`
	Sequence uint64   `json:"sequence"`
	Kind     string   `json:"kind"`
	Category []string `json:"category,omitempty"`
	Type     []string `json:"type,omitempty"`
	Action   string   `json:"action,omitempty"`
	Outcome  string   `json:"outcome,omitempty"`
	Reason   string   `json:"reason,omitempty"`
	Created  string   `json:"created"`
	Start    string   `json:"start,omitempty"`
	End      string   `json:"end,omitempty"`
	Module   string   `json:"module"`
	Dataset  string   `json:"dataset"`
	Hash     string   `json:"hash"`
}

type service struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

type user struct {
	ID    string   `json:"id,omitempty"`
	Roles []string `json:"roles,omitempty"`
}

type agent struct {
	Name string  `json:"name,omitempty"`
	OS   *system `json:"os,omitempty"`
}

type system struct {
	Name string `json:"name"`
}

type source struct {
	IP  string `json:"ip,omitempty"`
	Geo *geo   `json:"geo,omitempty"`
}

type geo struct {
	Country string `json:"country_iso_code"`
}

type rule struct {
	ID          []string `json:"id,omitempty"`
	Name        []string `json:"name,omitempty"`
	Description string   `json:"description,omitempty"`
	Ruleset     string   `json:"ruleset,omitempty"`
	Version     string   `json:"version,omitempty"`
}

type exchange struct {
	Request  *request  `json:"request,omitempty"`
	Response *response `json:"response,omitempty"`
}

type request struct {
	Method string    `json:"method"`
	ID     string    `json:"id,omitempty"`
	Body   *passedOn `json:"body,omitempty"`
}

// passedOn is how much of a body there was that was not judged.
type passedOn struct {
	Bytes int64 `json:"bytes"`
}

type response struct {
	Status int `json:"status_code"`
}

type location struct {
	Path string `json:"path"`
}

type related struct {
	User []string `json:"user,omitempty"`
	IP   []string `json:"ip,omitempty"`
}

// An extension is what ECS has no field for.
type extension struct {
	Chain       string            `json:"chain"`
	Kind        string            `json:"kind"`
	Allow       *bool             `json:"allow,omitempty"`
	Decision    string            `json:"decision,omitempty"`
	Session     string            `json:"session,omitempty"`
	Account     string            `json:"account,omitempty"`
	Caller      string            `json:"caller,omitempty"`
	Right       string            `json:"right,omitempty"`
	Reach       string            `json:"reach,omitempty"`
	Revision    string            `json:"revision,omitempty"`
	Obligations []string          `json:"obligations,omitempty"`
	Duties      []string          `json:"duties,omitempty"`
	Answered    int               `json:"answered,omitempty"`
	Shown       []string          `json:"shown,omitempty"`
	Measures    string            `json:"measures,omitempty"`
	Patients    []string          `json:"patients,omitempty"`
	Detail      string            `json:"detail,omitempty"`
	Count       int               `json:"count,omitempty"`
	Codes       map[string]int64  `json:"codes,omitempty"`
	Network     string            `json:"network,omitempty"`
	Change      string            `json:"change,omitempty"`
	Changed     string            `json:"changed,omitempty"`
	Marks       map[string]uint64 `json:"marks,omitempty"`
	Application string            `json:"application,omitempty"`
	PathDigest  string            `json:"path_digest,omitempty"`
	QueryDigest string            `json:"query_digest,omitempty"`
	BodyDigest  string            `json:"body_digest,omitempty"`
	InputDigest string            `json:"input_digest,omitempty"`
	Ages        map[string]int64  `json:"ages,omitempty"`
	Facts       map[string]string `json:"facts,omitempty"`
	Resource    string            `json:"resource,omitempty"`
	Place       string            `json:"place,omitempty"`
	Device      string            `json:"device,omitempty"`
	Strength    string            `json:"acr,omitempty"`
}
