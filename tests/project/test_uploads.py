import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory


@pytest.fixture
def upload(rf: RequestFactory, settings):
    settings.IMPORT_MAX_BYTES = 100_000

    def post(size):
        return rf.post("/", {"file": SimpleUploadedFile("a.csv", b"x" * size), "comment": "ok"})

    return post


@pytest.mark.parametrize(
    ("sent", "kept"), [(10, 10), (100_000, 100_000), (100_001, 100_001), (400_000, 100_001)]
)
def test_no_more_of_a_file_is_kept_than_tells_that_it_is_too_large(upload, sent, kept):
    request = upload(sent)
    assert request.FILES["file"].size == kept
    assert len(request.FILES["file"].read()) == kept
    assert request.POST["comment"] == "ok"


@pytest.mark.django_db
def test_what_is_absurdly_large_is_not_read_at_all(client, settings):
    settings.IMPORT_MAX_BYTES = 100_000
    response = client.post("/login/", {"file": SimpleUploadedFile("a.csv", b"x" * 2_000_000)})
    assert response.status_code in {400, 413}
