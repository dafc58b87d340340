"""Below /api/v1/."""

from django.urls import path

from accounts.api import views

urlpatterns = [
    path("auth/register", views.RegisterView.as_view()),
    path("auth/verification", views.VerificationView.as_view()),
    path("auth/login", views.LoginView.as_view()),
    path("auth/refresh", views.RefreshView.as_view()),
    path("auth/logout", views.LogoutView.as_view()),
    path("auth/password/reset", views.PasswordResetView.as_view()),
    path("auth/password/change", views.PasswordChangeView.as_view()),
    path("me", views.MeView.as_view()),
    path("me/tokens", views.MyTokensView.as_view()),
]
