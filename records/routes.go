package records

import (
	"net/http"
	"reflect"

	"github.com/wardgate/wardgate/records/store"
)

// A route is one line of the service's contract. The OpenAPI document and the
// checks of a request's shape both come from it.
type route struct {
	method  string
	path    string
	summary string
	query   []string     // names of allowed query parameters
	form    reflect.Type // of the request's body; nil for none
	empty   bool         // without a form: an empty object says the same as no body
	status  int          // of success
	answer  reflect.Type // of the answer's body; nil for none
	handle  handler
}

// A page is a part of a list. Next is what the following request gives as
// "after", null at the end.
type page[T any] struct {
	Items []T     `json:"items"`
	Next  *string `json:"next"`
}

func (s *Service) routes() []route {
	return append(s.patientRoutes(), s.serviceRoutes()...)
}

func (s *Service) patientRoutes() []route {
	patient := reflect.TypeFor[store.Patient]()
	return []route{
		{method: http.MethodGet, path: "/api/patients", summary: "List the patients that the caller may see",
			query: []string{"limit", "after"}, status: http.StatusOK,
			answer: reflect.TypeFor[page[store.Patient]](), handle: s.listPatients},
		{method: http.MethodPost, path: "/api/patients", summary: "Add a patient of the calling doctor",
			form: reflect.TypeFor[newPatient](), status: http.StatusCreated,
			answer: reflect.TypeFor[addedPatient](), handle: s.addPatient},
		{method: http.MethodGet, path: "/api/patients/{id}", summary: "Read a patient's health overview",
			status: http.StatusOK, answer: patient, handle: s.readPatient},
		{method: http.MethodDelete, path: "/api/patients/{id}", summary: "Delete a patient",
			status: http.StatusNoContent, handle: s.deletePatient},
		{method: http.MethodPost, path: "/api/admin/patients/{id}/restore", summary: "Restore a deleted patient",
			status: http.StatusNoContent, handle: s.restorePatient},
		{method: http.MethodGet, path: "/api/patients/{id}/bills", summary: "List a patient's bills with their payments",
			status: http.StatusOK, answer: reflect.TypeFor[page[store.Bill]](), handle: s.listBills},
	}
}

func (s *Service) serviceRoutes() []route {
	service := reflect.TypeFor[store.Service]()
	return []route{
		{method: http.MethodGet, path: "/api/patients/{id}/services", summary: "List a patient's clinical services",
			status: http.StatusOK, answer: reflect.TypeFor[page[store.Service]](), handle: s.listServices},
		{method: http.MethodPost, path: "/api/patients/{id}/services", summary: "Plan a clinical service",
			form: reflect.TypeFor[newService](), status: http.StatusCreated, answer: service, handle: s.addService},
		{method: http.MethodPut, path: "/api/services/{id}", summary: "Change a clinical service; fields left out stay as they are",
			form: reflect.TypeFor[serviceChange](), status: http.StatusOK, answer: service, handle: s.changeService},
		{method: http.MethodDelete, path: "/api/services/{id}", summary: "Delete a clinical service",
			status: http.StatusNoContent, handle: s.deleteService},
		{method: http.MethodPost, path: "/api/services/{id}/done", summary: "Mark a planned service as done",
			empty: true, status: http.StatusOK, answer: service, handle: s.finishService},
	}
}
