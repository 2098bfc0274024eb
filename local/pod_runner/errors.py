"""Refusals as Kubernetes clients expect them: an HTTP code and a Status object."""

from http import HTTPStatus

from local.pod_runner.objects import Json


class ApiError(Exception):
    """A request that is answered with a Status object.

    :param code: HTTP code.
    :param reason: the machine-readable reason, in the API's own vocabulary.
    :param message: what was given, what is allowed and what to do.
    :param details: the Status object's details (name, kind, causes).
    """

    def __init__(self, code: int, reason: str, message: str, details: Json | None = None) -> None:
        super().__init__(message)
        self.code, self.reason, self.details = HTTPStatus(code), reason, details or {}

    @property
    def status(self) -> Json:
        """The body of the answer."""
        return {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": str(self),
            "reason": self.reason,
            "details": self.details,
            "code": self.code.value,
        }


def bad_request(message: str) -> ApiError:
    """Return a 400: the request itself cannot be understood."""
    return ApiError(400, "BadRequest", message)


def not_found(name: str) -> ApiError:
    """Return the 404 of a pod that does not exist."""
    return ApiError(404, "NotFound", f'pods "{name}" not found', {"name": name, "kind": "pods"})


def already_exists(name: str) -> ApiError:
    """Return the 409 of a second pod with the same name."""
    details = {"name": name, "kind": "pods"}
    return ApiError(409, "AlreadyExists", f'pods "{name}" already exists', details)


def conflict(name: str, message: str) -> ApiError:
    """Return the 409 of a change whose precondition does not hold."""
    text = f'Operation cannot be fulfilled on pods "{name}": {message}'
    return ApiError(409, "Conflict", text, {"name": name, "kind": "pods"})


def gone(version: int) -> ApiError:
    """Return the 410 of a watch that asks for changes no longer remembered."""
    return ApiError(410, "Expired", f"too old resource version: {version}; list again and watch from there")


def invalid(name: str, field: str, message: str, reason: str = "FieldValueInvalid") -> ApiError:
    """Return the 422 of a manifest with one wrong field.

    :param name: the pod's name, as given.
    :param field: path of the field, such as `spec.containers[0].image`.
    :param message: what was given and what is allowed.
    :param reason: the cause's reason: FieldValueInvalid, FieldValueRequired or FieldValueForbidden.
    """
    cause = {"reason": reason, "message": message, "field": field}
    details = {"name": name, "kind": "Pod", "causes": [cause]}
    return ApiError(422, "Invalid", f'Pod "{name}" is invalid: {field}: {message}', details)
