// ReDoc has options for its colors instead of CSS.
if (matchMedia("(prefers-color-scheme: dark)").matches) {
    const theme = {
        colors: {
            primary: {
                main: "#8ab4f8",
            },
            success: {
                main: "#81c995",
            },
            error: {
                main: "#f28b82",
            },
            text: {
                primary: "#e4e6e8",
                secondary: "#b4b9bf",
            },
            border: {
                dark: "#4a5057",
                light: "#3a3f45",
            },
            responses: {
                success: {
                    color: "#81c995",
                    backgroundColor: "#1e2f26",
                },
                error: {
                    color: "#f28b82",
                    backgroundColor: "#382322",
                },
            },
        },
        schema: {
            nestedBackground: "#24282d",
            linesColor: "#5a6068",
            typeNameColor: "#b4b9bf",
            typeTitleColor: "#e4e6e8",
        },
        sidebar: {
            backgroundColor: "#16181b",
            textColor: "#e4e6e8",
        },
        rightPanel: {
            backgroundColor: "#101214",
        },
        typography: {
            code: {
                color: "#f6aea9",
                backgroundColor: "#2b2f34",
            },
        },
    };
    document.querySelector("redoc").setAttribute("theme", JSON.stringify(theme));
}
