// The frame of the admin: light or dark before anything is painted, and what Alpine's data need names for.
"use strict";
const chosen = () => localStorage.getItem("adminTheme") || "auto";
const dark = matchMedia("(prefers-color-scheme: dark)");
const paint = () => {
  const isDark = chosen() === "dark" || (chosen() === "auto" && dark.matches);
  document.documentElement.classList.toggle("dark", isDark);
  document.documentElement.classList.toggle("light", !isDark);
};
paint();
dark.addEventListener("change", paint);

document.addEventListener("alpine:init", () => {
  Alpine.data("theme", () => ({
    adminTheme: chosen(),
    filterOpen: false,
    switchTheme(name) {
      localStorage.setItem("adminTheme", name);
      this.adminTheme = name;
      paint();
    },
  }));
  Alpine.data("frame", () => ({
    sidebarMobileOpen: false,
    sidebarDesktopOpen: localStorage.getItem("sidebarDesktopOpen") !== "0",
    toggleSidebar() {
      if (matchMedia("(min-width: 80rem)").matches) {
        this.sidebarDesktopOpen = !this.sidebarDesktopOpen;
        localStorage.setItem("sidebarDesktopOpen", this.sidebarDesktopOpen ? "1" : "0");
      } else {
        this.sidebarMobileOpen = !this.sidebarMobileOpen;
      }
    },
  }));
  Alpine.data("searchForm", () => ({
    applyShortcut(event) {
      if (event.key === "/" && !event.target.closest("input, textarea, select")) {
        event.preventDefault();
        this.$refs.searchInput.focus();
      }
    },
  }));
});
