// The API's document, to be read and tried: a key typed here stays in this window.
const place = document.getElementById("docs");

SwaggerUIBundle({
  domNode: place,
  url: place.dataset.document,
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  docExpansion: "none",
  filter: true,
  tryItOutEnabled: true,
  validatorUrl: null,
  // What is typed is the key alone, as it was shown.
  requestInterceptor(request) {
    const said = request.headers.Authorization;
    if (said && !said.includes(" ")) request.headers.Authorization = `OAuth ${said}`;
    return request;
  },
});
