package pep

import (
	"maps"
	"net/http"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/inflight"
	"github.com/wardgate/wardgate/pep/request"
)

// The codes that the enforcement point makes itself, beside those of package
// request. What a client is shown of applicationFailed is applicationMissing.
const (
	hostUnknown        = "host_unknown"
	forwardedAmbiguous = "forwarded_ambiguous"
	routesUnavailable  = "routes_unavailable"
	tooMany            = "too_many_requests"
	tooManyWaiting     = "too_many_waiting"
	decisionMissing    = "decision_unavailable"
	obligationUnmet    = "obligation_unmet"
	applicationMissing = "application_unavailable"
	applicationFailed  = "application_failed"
	applicationBusy    = "application_busy"
	answersBusy        = "answers_busy"
	answerWithheld     = "answer_withheld"
	assertionMissing   = "assertion_unavailable"
	journalMissing     = "journal_unavailable"
)

// ownReasons are what the codes of the enforcement point mean, in the shape in
// which the rule book's table says what its own codes mean. A status that a
// rule book may not choose (400, 413, 415, 421, 502) belongs to a request that
// no policy was asked about, or that was allowed.
func ownReasons() pdp.Reasons {
	own := pdp.Reasons{
		hostUnknown: {Class: pdp.ClassMalformed, Status: http.StatusMisdirectedRequest,
			Text: text("This address does not serve that host.", "هذا العنوان لا يخدم هذا المضيف.")},
		tooMany: {Class: pdp.ClassBehaviour, Status: http.StatusTooManyRequests,
			Text: text("Too many requests. Try again later.", "طلبات كثيرة جدًا. حاول مرة أخرى لاحقًا.")},
		tooManyWaiting: {Class: pdp.ClassBehaviour, Status: http.StatusTooManyRequests,
			Text: text("Too many requests are waiting. Try again later.", "طلبات كثيرة في الانتظار. حاول مرة أخرى لاحقًا.")},
		obligationUnmet: {Class: pdp.ClassUnavailable, Status: http.StatusForbidden,
			Text: text("A condition of this answer cannot be kept here.", "لا يمكن الوفاء هنا بشرط من شروط هذه الإجابة.")},
		applicationFailed: {Class: pdp.ClassUnavailable, Status: http.StatusBadGateway, Shown: applicationMissing,
			Text: text("The application did not answer.", "لم يستجب التطبيق.")},
		answerWithheld: {Class: pdp.ClassUnavailable, Status: http.StatusBadGateway,
			Text: text("The answer holds what may not be shown, and is withheld.", "تحتوي الإجابة على ما لا يجوز عرضه، ولذلك حُجبت.")},
		inflight.SessionRevoked: {Class: pdp.ClassCredential, Status: http.StatusUnauthorized, Alone: true,
			Text: text("This session has ended. Sign in again.", "انتهت هذه الجلسة. سجّل الدخول من جديد.")},
		inflight.SubjectBanned: {Class: pdp.ClassRight, Status: http.StatusForbidden,
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
		forwardedAmbiguous:       row(http.StatusBadRequest, "The request was not described in one way.", "لم يوصف الطلب بطريقة واحدة."),
		request.FramingAmbiguous: row(http.StatusBadRequest, "Where the request ends can be read in two ways.", "يمكن قراءة نهاية الطلب بطريقتين."),
		request.HostAmbiguous:    row(http.StatusBadRequest, "The request's host can be read in two ways.", "يمكن قراءة مضيف الطلب بطريقتين."),
		request.MethodRefused:    row(http.StatusBadRequest, "This method is not accepted.", "هذه الطريقة غير مقبولة."),
		request.TargetAmbiguous:  row(http.StatusBadRequest, "The request's target can be read in two ways.", "يمكن قراءة وجهة الطلب بطريقتين."),
		request.PathAmbiguous:    row(http.StatusBadRequest, "The request's path can be read in two ways.", "يمكن قراءة مسار الطلب بطريقتين."),
		request.QueryAmbiguous:   row(http.StatusBadRequest, "The request's query can be read in two ways.", "يمكن قراءة استعلام الطلب بطريقتين."),
		request.HeaderRepeated:   row(http.StatusBadRequest, "A header stands in the request twice.", "تكررت ترويسة في الطلب."),
		request.BodyUnexpected:   row(http.StatusBadRequest, "This request takes no body.", "هذا الطلب لا يقبل محتوى."),
		request.BodyMissing:      row(http.StatusBadRequest, "This request needs a body.", "هذا الطلب يحتاج إلى محتوى."),
		request.BodyUnreadable:   row(http.StatusBadRequest, "The request's body cannot be read.", "لا يمكن قراءة محتوى الطلب."),
		request.BodyAmbiguous:    row(http.StatusBadRequest, "The request's body can be read in two ways.", "يمكن قراءة محتوى الطلب بطريقتين."),
		request.BodyTooLarge:     row(http.StatusRequestEntityTooLarge, "The request's body is too large.", "محتوى الطلب كبير جدًا."),
		request.MediaTypeRefused: row(http.StatusUnsupportedMediaType, "The request's body has to be JSON.", "يجب أن يكون محتوى الطلب بصيغة JSON."),
	}
}

// unavailable are states of Wardgate's own, in which it denies.
func unavailable() pdp.Reasons {
	own := pdp.Reasons{}
	for _, code := range []string{routesUnavailable, decisionMissing, applicationMissing, assertionMissing, journalMissing, applicationBusy, answersBusy} {
		own[code] = pdp.Reason{Class: pdp.ClassUnavailable, Status: http.StatusServiceUnavailable,
			Text: text("Wardgate cannot answer this now. Try again.", "يتعذّر على Wardgate الرد الآن. حاول مرة أخرى.")}
	}
	return own
}

func text(en, ar string) map[string]string { return map[string]string{"en": en, "ar": ar} }
