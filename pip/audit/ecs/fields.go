package ecs

// A Field is one field that documents can have.
type Field struct {
	Name string
	Type string // of the mapping: keyword, date, ip, long, boolean, constant_keyword
	What string // for people
}

// Fields lists every field of a document, in the order of the documentation.
// The index template is made of it. A name that ends in ".*" stands for a
// field of its type for each source or code.
func Fields() []Field {
	return append(standard(), extensions()...)
}

// standard are the fields that ECS defines, with ECS's types.
func standard() []Field {
	return []Field{
		{"@timestamp", "date", "when it happened"},
		{"ecs.version", "keyword", "the ECS version of the document"},
		{"data_stream.type", "constant_keyword", `"logs"`},
		{"data_stream.dataset", "constant_keyword", `"wardgate.audit"`},
		{"data_stream.namespace", "constant_keyword", `"default"`},
		{"event.id", "keyword", "chain, number and hash of the record; also the document's _id"},
		{"event.sequence", "long", "number of the record in its chain"},
		{"event.kind", "keyword", "event, or alert for what looks like an intrusion"},
		{"event.category", "keyword", "api, web, authentication, session, iam, configuration, process, intrusion_detection"},
		{"event.type", "keyword", "access, allowed, denied, error, start, end, user, change, …"},
		{"event.action", "keyword", "the action: patient.read, session.create, user.ban"},
		{"event.outcome", "keyword", "success, failure or unknown"},
		{"event.reason", "keyword", "the codes of a denial, or the event's detail"},
		{"event.created", "date", "when the journal wrote it"},
		{"event.start", "date", "the first of the refusals that the record stands for"},
		{"event.end", "date", "the last of them"},
		{"event.module", "keyword", `"wardgate"`},
		{"event.dataset", "keyword", `"wardgate.audit"`},
		{"event.hash", "keyword", "the record's hash in the journal's chain"},
		{"service.name", "keyword", `"wardgate"`},
		{"service.type", "keyword", `"wardgate"`},
		{"labels.chain", "keyword", "the journal's chain: one for each enforcement point"},
		{"user.id", "keyword", "account id of who acted"},
		{"user.roles", "keyword", "role of who acted"},
		{"user_agent.name", "keyword", "family of the browser"},
		{"user_agent.os.name", "keyword", "family of the operating system"},
		{"source.ip", "ip", "address of the client"},
		{"source.geo.country_iso_code", "keyword", "country of the address"},
		{"rule.id", "keyword", "codes of the rules that denied; of what was allowed, folder and code of the rules that granted"},
		{"rule.name", "keyword", "the same for people's eyes; of what was allowed, the right"},
		{"rule.description", "keyword", "of what was allowed: the right, the role, and how far it reaches with the right"},
		{"rule.ruleset", "keyword", `"wardgate"`},
		{"rule.version", "keyword", "digest of the rule book that answered"},
		{"http.request.method", "keyword", "method"},
		{"http.request.id", "keyword", "the decision's id"},
		{"http.request.body.bytes", "long", "how many bytes of a body were passed on that was not judged"},
		{"http.response.status_code", "long", "status of the answer; outcomes only"},
		{"url.path", "keyword", "canonical path; only of a request that matched a route"},
		{"related.user", "keyword", "every account that the event concerns"},
		{"related.ip", "ip", "every address"},
	}
}

func extensions() []Field {
	return []Field{
		{"wardgate.chain", "keyword", "the journal's chain"},
		{"wardgate.kind", "keyword", "decision, outcome, stream, policy, session, account, system"},
		{"wardgate.allow", "boolean", "the decision"},
		{"wardgate.decision", "keyword", "decision id; an outcome has that of its decision"},
		{"wardgate.session", "keyword", "session id"},
		{"wardgate.account", "keyword", "the account that something was done to"},
		{"wardgate.caller", "keyword", "the enforcement point of others that asked, as it proved itself: token:lab"},
		{"wardgate.right", "keyword", "the right, in the table of rights, by which it was allowed"},
		{"wardgate.reach", "keyword", "how far the role reaches with that right: own, department, self, …"},
		{"wardgate.revision", "keyword", "digest of the rule book that answered"},
		{"wardgate.obligations", "keyword", "ids of the obligations"},
		{"wardgate.duties", "keyword", "their properties as JSON, in the same order"},
		{"wardgate.answered", "long", "the HTTP status that a denial means"},
		{"wardgate.shown", "keyword", "the codes that the client of a denial is shown, where they are others"},
		{"wardgate.measures", "keyword", "the numbers of which words of the input were made, as JSON"},
		{"wardgate.patients", "keyword", "ids of patients: whose record was asked for (decision), whose data was in the answer (outcome)"},
		{"wardgate.detail", "keyword", "a stable code or a short text"},
		{"wardgate.count", "long", "how many like events the record stands for, when it stands for several"},
		{"wardgate.codes.*", "long", "how many of them had each reason"},
		{"wardgate.network", "keyword", "a network that has the addresses of all of them"},
		{"wardgate.change", "keyword", "what was done that a restored database must not undo: ban, lift, password, …"},
		{"wardgate.changed", "keyword", "the account or restriction that it was done to"},
		{"wardgate.marks.*", "long", "how far each database had come"},
		{"wardgate.application", "keyword", "the application whose own host was asked"},
		{"wardgate.path_digest", "keyword", "SHA-256 of a path that matched no route"},
		{"wardgate.query_digest", "keyword", "SHA-256 of the query"},
		{"wardgate.body_digest", "keyword", "SHA-256 of the body; stream for one that was not judged"},
		{"wardgate.input_digest", "keyword", "SHA-256 of what the policy saw"},
		{"wardgate.ages.*", "long", "age of each source's knowledge, microseconds"},
		{"wardgate.facts.*", "keyword", "fresh, stale or unknown, for each source"},
		{"wardgate.resource", "keyword", "type of the resource"},
		{"wardgate.place", "keyword", "on_site or off_site"},
		{"wardgate.device", "keyword", "same, changed or unseen"},
		{"wardgate.acr", "keyword", "strength of the authentication"},
	}
}
