// Sends the form that brings an answer to an application (OAuth 2.0 Form Post Response Mode).
document.querySelector("[data-form-post]").submit();
