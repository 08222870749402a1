// Package code has the codes that the enforcement point makes itself, as
// opposed to those of the rule book, and what each means. They stand nowhere
// else.
package code

import (
	"maps"
	"net/http"

	"github.com/wardgate/wardgate/pdp"
)

// The codes. What a client is shown of ApplicationFailed and ApplicationOut is
// ApplicationMissing.
const (
	HostUnknown        = "host_unknown"
	ForwardedAmbiguous = "forwarded_ambiguous"
	RoutesUnavailable  = "routes_unavailable"
	TooMany            = "too_many_requests"
	TooManyWaiting     = "too_many_waiting"
	QuotaExceeded      = "quota_exceeded"  // pip.ReasonQuota: it is no behaviour
	SessionUnknown     = "session_unknown" // behind a cookie, for now
	DecisionMissing    = "decision_unavailable"
	ObligationUnmet    = "obligation_unmet"
	ApplicationMissing = "application_unavailable"
	ApplicationFailed  = "application_failed"
	ApplicationBusy    = "application_busy"
	ApplicationOut     = "application_out" // no upstream of it takes requests now
	AnswersBusy        = "answers_busy"
	BodiesBusy         = "bodies_busy"
	AnswerWithheld     = "answer_withheld"
	AssertionMissing   = "assertion_unavailable"
	JournalMissing     = "journal_unavailable"

	// Of requests that are refused for how they are written.
	FramingAmbiguous = "framing_ambiguous"
	HostAmbiguous    = "host_ambiguous"
	MethodRefused    = "method_refused"
	TargetAmbiguous  = "target_ambiguous"
	PathAmbiguous    = "path_ambiguous"
	QueryAmbiguous   = "query_ambiguous"
	HeaderRepeated   = "header_repeated"
	UpgradeMalformed = "upgrade_malformed"  // the opening of a WebSocket
	MethodNotAllowed = "method_not_allowed" // no row of the path has it
	ResourceUnclear  = "resource_unclear"   // the query does not name it once

	CredentialAmbiguous = "credential_ambiguous" // two cookies, or a cookie and a token
	CookieMisplaced     = "cookie_misplaced"     // a session by cookie, for an application without a host of its own
	BodyMissing         = "body_missing"
	BodyTooLarge        = "body_too_large"
	BodyTooSlow         = "body_too_slow" // a stream that makes no progress
	BodyUnexpected      = "body_unexpected"
	BodyUnreadable      = "body_unreadable"
	BodyAmbiguous       = "body_ambiguous"
	MediaTypeRefused    = "media_type_refused"

	// Of exchanges that are broken off. The rule book says the same of requests.
	SessionRevoked = "session_revoked"
	SubjectBanned  = "subject_banned"
)

// Reasons are what the codes of the enforcement point mean, in the shape in
// which the rule book's table says what its own codes mean. A status that a
// rule book may not choose (400, 413, 415, 421, 502) belongs to a request that
// no policy was asked about, or that was allowed.
func Reasons() pdp.Reasons {
	own := pdp.Reasons{
		HostUnknown: {Class: pdp.ClassMalformed, Status: http.StatusMisdirectedRequest,
			Text: text("This address does not serve that host.", "هذا العنوان لا يخدم هذا المضيف.")},
		TooMany: {Class: pdp.ClassBehaviour, Status: http.StatusTooManyRequests,
			Text: text("Too many requests. Try again later.", "طلبات كثيرة جدًا. حاول مرة أخرى لاحقًا.")},
		TooManyWaiting: {Class: pdp.ClassBehaviour, Status: http.StatusTooManyRequests,
			Text: text("Too many requests are waiting. Try again later.", "طلبات كثيرة في الانتظار. حاول مرة أخرى لاحقًا.")},
		QuotaExceeded: {Class: pdp.ClassBehaviour, Status: http.StatusTooManyRequests,
			Text: text("Too many requests to this application. Try again in a moment; everything else goes on.", "طلبات كثيرة جدًا إلى هذا التطبيق. حاول بعد قليل؛ كل ما عداه يعمل كالمعتاد.")},
		ObligationUnmet: {Class: pdp.ClassUnavailable, Status: http.StatusForbidden,
			Text: text("A condition of this answer cannot be kept here.", "لا يمكن الوفاء هنا بشرط من شروط هذه الإجابة.")},
		ApplicationFailed: {Class: pdp.ClassUnavailable, Status: http.StatusBadGateway, Shown: ApplicationMissing,
			Text: text("The application did not answer.", "لم يستجب التطبيق.")},
		ApplicationOut: {Class: pdp.ClassUnavailable, Status: http.StatusServiceUnavailable, Shown: ApplicationMissing,
			Text: text("The application is out of order. Try again later; everything else goes on.", "التطبيق معطّل حاليًا. حاول لاحقًا؛ كل ما عداه يعمل كالمعتاد.")},
		AnswerWithheld: {Class: pdp.ClassUnavailable, Status: http.StatusBadGateway,
			Text: text("The answer holds what may not be shown, and is withheld.", "تحتوي الإجابة على ما لا يجوز عرضه، ولذلك حُجبت.")},
		CookieMisplaced: {Class: pdp.ClassCredential, Status: http.StatusUnauthorized, Alone: true,
			Text: text("This application has no address of its own here: it takes tokens of programs, and no session of a browser.", "ليس لهذا التطبيق عنوان خاص به هنا: فهو يقبل رموز البرامج ولا يقبل جلسة متصفح.")},
		SessionRevoked: {Class: pdp.ClassCredential, Status: http.StatusUnauthorized, Alone: true,
			Text: text("This session has ended. Sign in again.", "انتهت هذه الجلسة. سجّل الدخول من جديد.")},
		SubjectBanned: {Class: pdp.ClassRight, Status: http.StatusForbidden,
			Text: text("This account is blocked.", "هذا الحساب محظور.")},
	}
	maps.Copy(own, malformed())
	maps.Copy(own, unavailable())
	return own
}

// malformed are requests that have two readings, or that their route does not
// take.
func malformed() pdp.Reasons {
	row := func(status int, en, ar string) pdp.Reason {
		return pdp.Reason{Class: pdp.ClassMalformed, Status: status, Text: text(en, ar)}
	}
	return pdp.Reasons{
		ForwardedAmbiguous:  row(http.StatusBadRequest, "The request was not described in one way.", "لم يوصف الطلب بطريقة واحدة."),
		FramingAmbiguous:    row(http.StatusBadRequest, "Where the request ends can be read in two ways.", "يمكن قراءة نهاية الطلب بطريقتين."),
		HostAmbiguous:       row(http.StatusBadRequest, "The request's host can be read in two ways.", "يمكن قراءة مضيف الطلب بطريقتين."),
		MethodRefused:       row(http.StatusBadRequest, "This method is not accepted.", "هذه الطريقة غير مقبولة."),
		TargetAmbiguous:     row(http.StatusBadRequest, "The request's target can be read in two ways.", "يمكن قراءة وجهة الطلب بطريقتين."),
		PathAmbiguous:       row(http.StatusBadRequest, "The request's path can be read in two ways.", "يمكن قراءة مسار الطلب بطريقتين."),
		QueryAmbiguous:      row(http.StatusBadRequest, "The request's query can be read in two ways.", "يمكن قراءة استعلام الطلب بطريقتين."),
		CredentialAmbiguous: row(http.StatusBadRequest, "The request says in two ways who asks.", "يذكر الطلب بطريقتين مَن يطلب."),

		UpgradeMalformed: row(http.StatusBadRequest, "The opening of the connection is not written as it has to be.", "فتح الاتصال غير مكتوب كما يجب."),
		MethodNotAllowed: row(http.StatusMethodNotAllowed, "This address does not take that method.", "هذا العنوان لا يقبل هذه الطريقة."),
		ResourceUnclear:  row(http.StatusBadRequest, "The request's query does not say in one way what it is for.", "لا يحدّد استعلام الطلب المقصود بطريقة واحدة."),
		HeaderRepeated:   row(http.StatusBadRequest, "A header stands in the request twice.", "تكررت ترويسة في الطلب."),
		BodyUnexpected:   row(http.StatusBadRequest, "This request takes no body.", "هذا الطلب لا يقبل محتوى."),
		BodyMissing:      row(http.StatusBadRequest, "This request needs a body.", "هذا الطلب يحتاج إلى محتوى."),
		BodyUnreadable:   row(http.StatusBadRequest, "The request's body cannot be read.", "لا يمكن قراءة محتوى الطلب."),
		BodyAmbiguous:    row(http.StatusBadRequest, "The request's body can be read in two ways.", "يمكن قراءة محتوى الطلب بطريقتين."),
		BodyTooLarge:     row(http.StatusRequestEntityTooLarge, "The request's body is too large.", "محتوى الطلب كبير جدًا."),
		BodyTooSlow:      row(http.StatusRequestTimeout, "The request's body came too slowly.", "وصل محتوى الطلب ببطء شديد."),
		MediaTypeRefused: row(http.StatusUnsupportedMediaType, "This request does not take a body of this kind.", "لا يقبل هذا الطلب محتوى من هذا النوع."),
	}
}

// unavailable are states of Wardgate's own, in which it denies.
func unavailable() pdp.Reasons {
	own := pdp.Reasons{}
	for _, code := range []string{RoutesUnavailable, SessionUnknown, DecisionMissing, ApplicationMissing, AssertionMissing, JournalMissing, ApplicationBusy, AnswersBusy, BodiesBusy} {
		own[code] = pdp.Reason{Class: pdp.ClassUnavailable, Status: http.StatusServiceUnavailable,
			Text: text("Wardgate cannot answer this now. Try again.", "يتعذّر على Wardgate الرد الآن. حاول مرة أخرى.")}
	}
	return own
}

func text(en, ar string) map[string]string { return map[string]string{"en": en, "ar": ar} }
